#!/usr/bin/env python3
"""What python3-jinja2 makes of the chat templates of real models, as cases for src/chat/jinja_test.cpp:

    templates.py CACHE OUT.json        (CACHE: the folder that install.sh fills)"""
import itertools
import json
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "chat"))
import make_cases

CALLS = [{"role": "user", "content": "Look up koan"},
         {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": {"name": "look_up", "arguments": {"word": "koan", "limit": 2}}}]},
         {"role": "tool", "name": "look_up", "content": "a riddle"}, {"role": "user", "content": "Thanks"}]
TALKS = {"talk": make_cases.TALK, "no system": make_cases.TALK[1:], "short": make_cases.SHORT, "calls": CALLS, "same role twice": make_cases.SHORT * 2}
OTHERS = {"": {}, "tools": {"tools": make_cases.TOOLS}, "no thinking": {"enable_thinking": False}}


def text(token):
    return token["content"] if isinstance(token, dict) else token or ""


def rendered(template, variables):
    """None: refused."""
    try:
        return make_cases.environment().from_string(template).render(**variables)
    except Exception:
        return None


def cases(config):
    template = config["chat_template"]
    if isinstance(template, list):
        template = next(one["template"] for one in template if one["name"] == "default")
    for (talk, messages), (other, more), asks in itertools.product(TALKS.items(), OTHERS.items(), (True, False)):
        variables = {"messages": messages, "add_generation_prompt": asks, "bos_token": text(config.get("bos_token")),
                     "eos_token": text(config.get("eos_token")), **more}
        yield {"name": f"{talk}, {other}, {asks}", "template": template, "variables": variables, "expected": rendered(template, variables)}


def main(cache, out):
    made = []
    for path in sorted(pathlib.Path(cache).glob("*/tokenizer_config.json")):
        config = json.loads(path.read_text())
        if "chat_template" in config:
            these = list(cases(config))
            refused = sum(case["expected"] is None for case in these)
            print(f"{path.parent.name}: {len(these)} cases, {refused} of them refused")
            made += [{**case, "name": f"{path.parent.name}, {case['name']}"} for case in these]
    pathlib.Path(out).write_text(json.dumps(made))


main(*sys.argv[1:])
