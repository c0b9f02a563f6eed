#!/usr/bin/env python3
"""Writes cases.json: templates, variables, and what python3-jinja2 makes of them, set up as Hugging Face does it
(trim_blocks, lstrip_blocks, loop controls, json.dumps for tojson). src/chat/jinja_test.cpp compares koan with it.

    python3 tests/chat/make_cases.py        # needs python3-jinja2; not part of ./check
"""
import datetime
import json
import pathlib

import jinja2
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

TALK = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "  What is 2+2?\n"},
        {"role": "assistant", "content": "<think>\nsum\n</think>\n\nFour."}, {"role": "user", "content": "Sure? “ja” 😀"}]
SHORT = [{"role": "user", "content": "Hi"}]
TOOLS = [{"type": "function", "function": {"name": "look_up", "description": "Finds é \"quoted\"", "parameters": {
    "type": "object", "properties": {"word": {"type": "string"}, "limit": {"type": "integer", "default": 3}}, "required": ["word"]}}}]
BASE = {"add_generation_prompt": True, "bos_token": "<s>", "eos_token": "</s>"}

# Written for this test in the manner of the families of models.
TURNS = """{%- for message in messages %}
{%- if loop.first and message['role'] != 'system' %}{{ '<|start|>system\\nYou help.<|stop|>\\n' }}{%- endif %}
{{- '<|start|>' + message.role + '\\n' + message.content | trim + '<|stop|>' + '\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|start|>assistant\\n' }}{%- endif %}
"""
HEADERS = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|head|>system<|end|>\\n\\nToday: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot|>" }}
{%- for message in messages %}
    {%- if not (message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|head|>' + message['role'] + '<|end|>\\n\\n'+ message['content'] | trim + '<|eot|>' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|head|>assistant<|end|>\\n\\n' }}
{%- endif %}"""
INSTRUCT = """{%- if messages[0]["role"] == "system" %}
    {%- set system_message = messages[0]["content"] %}
    {%- set loop_messages = messages[1:] %}
{%- else %}
    {%- set loop_messages = messages %}
{%- endif %}
{%- set ns = namespace(index=0) %}
{%- for message in loop_messages %}
    {%- if (message["role"] == "user") != (ns.index % 2 == 0) %}
        {{- raise_exception("roles must alternate") }}
    {%- endif %}
    {%- set ns.index = ns.index + 1 %}
{%- endfor %}
{{- bos_token }}
{%- for message in loop_messages %}
    {%- if message["role"] == "user" %}
        {%- if loop.last and system_message is defined %}
            {{- "[I] " + system_message + "\\n\\n" + message["content"] + "[/I]" }}
        {%- else %}
            {{- "[I] " + message["content"] + "[/I]" }}
        {%- endif %}
    {%- elif message["role"] == "assistant" %}
        {{- " " + message["content"]|trim + eos_token}}
    {%- else %}
        {{- raise_exception("unknown role " ~ message["role"]) }}
    {%- endif %}
{%- endfor %}
"""
MODEL_TURN = """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first = messages[0]['content'] + '\\n\\n' -%}
    {%- else -%}
        {%- set first = messages[0]['content'][0]['text'] + '\\n\\n' -%}
    {%- endif -%}
    {%- set rest = messages[1:] -%}
{%- else -%}
    {%- set first = "" -%}
    {%- set rest = messages -%}
{%- endif -%}
{%- for message in rest -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<turn>' + role + '\\n' + (first if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}{{ '<image>' }}{%- elif item['type'] == 'text' -%}{{ item['text'] | trim }}{%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {{ '<end>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{'<turn>model\\n'}}{%- endif -%}
"""
THINKING = """{%- if tools %}
    {{- '<|s|>system\\n' }}{{- "# Tools\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools>" }}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<r>') and message.content.endswith('</r>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- set content = message.content if message.content is string else '' %}
    {%- if message.role == "assistant" %}
        {%- set reasoning = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning = message.reasoning_content %}
        {%- elif '</think>' in content %}
            {%- set reasoning = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
            {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {{- '<|s|>assistant\\n<think>\\n' + reasoning.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
        {%- else %}
            {{- '<|s|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- for call in message.tool_calls or [] %}
            {{- '\\n{"name": "' }}{{- call.function.name }}{{- '", "arguments": ' }}
            {%- if call.function.arguments is string %}{{- call.function.arguments }}{%- else %}{{- call.function.arguments | tojson }}{%- endif %}
            {{- '}' }}
        {%- endfor %}
        {{- '<|e|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}{{- '<|s|>user' }}{%- endif %}
        {{- '\\n<r>\\n' + content + '\\n</r>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}{{- '<|e|>\\n' }}{%- endif %}
    {%- else %}
        {{- '<|s|>' + message.role + '\\n' + content + '<|e|>' + '\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|s|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}
{%- endif %}"""
CALLS = TALK + [{"role": "assistant", "content": None, "tool_calls": [
    {"function": {"name": "f", "arguments": {"a": 1.5, "b": [True, None], "c": "é"}}},
    {"function": {"name": "g", "arguments": "{\"x\": 1}"}}]},
    {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"}]

SMALL = [
    "plain\n", "a\n\n", "{{ 1 + 2 * 3 - 4 }}", "{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 6 / 2 }}",
    "{{ 1.5 + 1 }} {{ 2.0 }} {{ 1e }}" if False else "{{ 1.5 + 1 }} {{ 2.0 * 2 }} {{ -1.25 }}",
    "{{ 'a' ~ 1 ~ none ~ true ~ [1, 'x'] }}", "{{ \"it's\" }} {{ ['it\\'s', \"q\"] }} {{ {'a': 1, 'b': [none]} }}",
    "{{ 'tab\\there' }} {{ 'n\\nl' }} {{ 'back\\\\slash' }} {{ '\\q' }}", "{{ messages | length }} {{ messages[-1].role }} {{ messages[9] is defined }}",
    "{{ messages[0].nothing }}|{{ nothing }}|{{ nothing is defined }}|{{ nothing | default('d') }}|{{ '' | default('e', true) }}",
    "{% if messages and not nothing %}yes{% else %}no{% endif %}", "{% if false %}a{% elif 1 > 2 %}b{% elif 2 >= 2 and 'a' < 'b' %}c{% else %}d{% endif %}",
    "{% for x in [1, 2, 3, 4] if x is odd %}{{ loop.index }}:{{ x }}{% if not loop.last %}, {% endif %}{% else %}none{% endfor %}",
    "{% for x in [] %}x{% else %}nothing{% endfor %}", "{% for k, v in {'b': 1, 'a': 2}.items() %}{{ k }}={{ v }};{% endfor %}{% for k, v in {'b': 1, 'a': 2} | dictsort %}{{ k }}={{ v }};{% endfor %}",
    "{% for x in range(2, 9, 3) %}{{ x }} {% endfor %}{{ range(3) | list }}", "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
    "{% set x = 1 %}{% for i in [1, 2] %}{% set x = x + i %}{{ x }}{% endfor %}{{ x }}", "{% set ns = namespace(x=1, y='a') %}{% for i in [1, 2] %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}{{ ns.y }}",
    "{% set a, b = [1, 2] %}{{ a }}{{ b }}{% set c %}  block {{ a }}\n{% endset %}[{{ c }}]",
    "{% macro m(a, b=2) %}<{{ a }}:{{ b }}{{ outer }}>{% endmacro %}{% set outer = '!' %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=4, a='x') }}",
    "{%- macro tree(n) -%}{{ n }}{% if n > 0 %}({{ tree(n - 1) }}){% endif %}{%- endmacro -%}\n\n{{ tree(3) }}",
    "  {% if true %}\n  a\n  {% endif %}\nb", "  {%+ if true %}x{% endif +%}\n y", "a {#- gone -#} b {# line #}\nc", "{{ 'a' }}\n{{ 'b' -}}  \n c", "x\n    {#- c #}\ny\n  {# d #}\nz",
    "{{ 'abcdef'[1:4] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[-2:] }} {{ [1, 2, 3, 4][::2] }} {{ [1, 2, 3][5:] }} {{ 'héllo'[1] }} {{ 'héllo' | length }}",
    "{{ 'a,b,,c'.split(',') }} {{ '  a  b '.split() }} {{ 'a-b-c'.split('-', 1) }} {{ 'xxaxx'.strip('x') }} {{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|",
    "{{ 'abc'.startswith('ab') }} {{ 'abc'.endswith(('x', 'bc')) }} {{ 'aBc'.upper() }} {{ 'aBc' | lower }} {{ 'hello world' | title }} {{ 'hELLO' | capitalize }}",
    "{{ 'a b a' | replace('a', 'c') }} {{ 'a b a'.replace('a', '') }}", "{{ [1, 2] | join('-') }} {{ messages | map(attribute='role') | join(', ') }} {{ ', '.join(['x', 'y']) }}",
    "{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('role', 'in', ['user', 'system']) | map(attribute='role') | list }}",
    "{{ [3, 1, 2] | sort }} {{ [3, 1, 2] | reverse | list }} {{ [1, 1, 2] | unique | list }} {{ [0, 1, ''] | select | list }} {{ [5, 6] | first }} {{ [5, 6] | last }}",
    "{{ tools | tojson }}\n{{ tools | tojson(indent=2) }}\n{{ [] | tojson }} {{ {} | tojson(indent=4) }} {{ 'a\"b<é>' | tojson }} {{ 1.0 | tojson }} {{ none | tojson }}",
    "{{ 'a' in 'cat' }} {{ 'a' in ['b'] }} {{ 'role' in messages[0] }} {{ 'x' not in [1] }} {{ 1 in [1.0] }}",
    "{{ 'yes' if messages else 'no' }} {{ 'only' if false }}| {{ ('a' if false else 'b') + 'c' }}", "{{ not true or true }} {{ not (true or true) }} {{ 1 and 0 }} {{ 0 or 'x' }} {{ none or [] }}",
    "{{ 3 is number }} {{ '3' is string }} {{ {} is mapping }} {{ [] is iterable }} {{ none is none }} {{ true is boolean }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 1 is not none }} {{ 2 is eq 2 }}",
    "{{ '5' | int + 1 }} {{ '2.5' | float }} {{ 3.7 | int }} {{ 'x' | int }} {{ 5 | string + 'a' }}", "{{ messages[0].get('role') }} {{ messages[0].get('zzz') }} {{ messages[0].get('zzz', 'd') }} {{ messages[0].keys() | list }}",
    "{{ 'line\nline two\n\nend' | indent(2) }}|{{ 'a\nb' | indent(3, true) }}", "{{ strftime_now('%Y-%m-%d %B %A') }}", "{{ ('a', 'b')[1] }} {{ [[1, 2], [3]][0][1] }} {{ {'k': {'n': 7}}.k.n }} {{ {'k': 1}['k'] }}",
    "{{ -3 | string }} {{ (-3) | string }} {{ 2 - -1 }} {{ - 1 + 3 }}", "{% for m in messages %}{{ loop.index0 }}{{ loop.revindex }}{{ loop.first }}{{ loop.length }}{% if loop.previtem is defined %}{{ loop.previtem.role }}{% endif %} {% endfor %}",
    "{% generation %}x{% endgeneration %}" if False else "{{ 'a' 'b' }}", "{{ '%' ~ '}}' }}{{ {'a': {'b': 1}} }}", "{{ 1 == 1.0 }} {{ 'a' != 'b' }} {{ [1] == [1] }} {{ none == false }}", "{{ 'ab' * 3 }} {{ [1] + [2] }}",
    "{{ 'x' | trim | upper | length }} {{ '  y ' | trim ~ '!' }}", "{%- set m = messages | first -%}{{ m['content'] }}{{ m.content | length }}",
]
REFUSED = ["{% if %}", "{{ }", "{{ 1 + }}", "{% for x in y %}", "{% endif %}", "{% if true %}", "{{ 'a }}", "{{ nothing.part }}", "{{ raise_exception('no') }}",
           "{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ 1 | nosuchfilter }}", "{{ 1 is nosuchtest }}", "{{ nosuch() }}", "{% set = 1 %}", "{{ [1, 2 }}", "{# open", "{{ 'a' < 1 }}", "{% macro %}{% endmacro %}"]


def environment():
    out = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    out.filters["tojson"] = tojson
    out.globals["raise_exception"] = raise_exception
    out.globals["strftime_now"] = lambda form: datetime.datetime(2026, 11, 5).strftime(form)
    return out


def main():
    cases = []
    def add(name, template, variables):
        expected = environment().from_string(template).render(**variables)
        cases.append({"name": name, "template": template, "variables": variables, "expected": expected})
    for name, template in [("turns", TURNS), ("headers", HEADERS), ("instruct", INSTRUCT), ("model_turn", MODEL_TURN), ("thinking", THINKING)]:
        for kind, messages in [("talk", TALK), ("short", SHORT)]:
            add(f"{name}_{kind}", template, {**BASE, "messages": messages})
    add("thinking_tools", THINKING, {**BASE, "messages": CALLS, "tools": TOOLS, "enable_thinking": False})
    add("model_turn_parts", MODEL_TURN, {**BASE, "messages": [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " what "}]}]})
    for i, template in enumerate(SMALL):
        add(f"small_{i}", template, {**BASE, "messages": TALK, "tools": TOOLS})
    refused = []
    for template in REFUSED:
        try:
            environment().from_string(template).render(messages=TALK)
        except Exception:
            refused.append(template)
        else:
            raise SystemExit(f"not refused: {template}")
    out = pathlib.Path(__file__).with_name("cases.json")
    out.write_text(json.dumps({"jinja2": jinja2.__version__, "cases": cases, "refused": refused}, ensure_ascii=False, indent=1) + "\n")
    print(f"{len(cases)} cases, {len(refused)} refused")


if __name__ == "__main__":
    main()
