#!/bin/bash
# koan adapters export and import: PEFT folders.
. tests/cli/begin.sh
command -v python3 >/dev/null || { echo "SKIPPED: no python3 to make an adapter with"; exit 77; }
python3 "$source_tree/tests/cli/make_adapter.py" "$source_tree/models/nano.gguf" legal.gguf name=legal gain=1.5 scale=0.03 || fail "make_adapter"
head -c 6000 "$sample" >a
expect 0 "$KOAN" adapters add legal.gguf

# Out by name and in again: another file that does the same.
expect 0 "$KOAN" adapters export legal -o folder; said "exported"
[ "$(ls folder)" = "adapter_config.json
adapter_model.safetensors" ] || fail "folder: $(ls folder)"
expect_error 2 "not overwritten without -f" "$KOAN" adapters export legal -o folder
expect 0 "$KOAN" adapters export -f legal.gguf -o folder
expect 0 "$KOAN" adapters import folder/ -o back.gguf; said "imported"
expect_error 2 "back.gguf" "$KOAN" adapters import folder -o back.gguf
expect 0 "$KOAN" adapters info back.gguf; grep -q "koan-nano, which this koan has" .out && grep -q "gain 25.0%" .out || fail "info: $(cat .out)"
expect 0 "$KOAN" --adapter legal -q -o legal.koan a
expect 0 "$KOAN" --adapter back.gguf -q -o back.koan a
expect 0 "$KOAN" -q -o base.koan a
size() { stat -c %s "$1"; }
[ "$(size legal.koan)" = "$(size back.koan)" ] && [ "$(size legal.koan)" != "$(size base.koan)" ] || fail "sizes: $(ls -l ./*.koan)"
"$KOAN" -dc --adapter back.gguf back.koan | cmp -s - a || fail "decoding with what was imported"

# What is not plain LoRA is refused by name, and nothing is written.
refuses() { # text of the message, what the configuration says besides
  cp -r folder other
  python3 -c "import json, sys; p = 'other/adapter_config.json'; c = json.load(open(p)); c['$2'] = json.loads('$3'); json.dump(c, open(p, 'w'))"
  expect_error "$4" "$1" "$KOAN" adapters import other -o new.gguf
  rm -r other
}
refuses use_dora use_dora true 2
refuses modules_to_save modules_to_save '["lm_head"]' 2
refuses surprise surprise_of_tomorrow 0.5 2
expect_error 5 "" "$KOAN" adapters import folder -o new.gguf --model "$source_tree/tests/golden/models/tiny.gguf"
mkdir pickle; cp folder/adapter_config.json pickle; : >pickle/adapter_model.bin
expect_error 2 "adapter_model.bin" "$KOAN" adapters import pickle -o new.gguf
expect 3 "$KOAN" adapters import nowhere -o new.gguf
absent new.gguf
clean
