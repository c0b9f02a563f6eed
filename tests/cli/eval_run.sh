#!/bin/bash
# koan eval run with models that run here: every benchmark's layout, shards, going on, what is refused, Slurm's and MPI's variables.
. tests/cli/begin.sh
. "$source_tree/tests/cli/runs.sh"
export source_tree KOAN
python3 "$source_tree/tests/cli/benchmarks.py" . 4
export KOAN_BENCHMARKS=$work
run() { "$KOAN" eval run "$@"; }
nano=(--small local:nano --large local:nano -n 12)

for task in gsm8k math mmlu_pro; do
  expect 0 run $task "${nano[@]}" --limit 2 --arms retry,self_consistency,blc,qa,random_bits,lossless,rewrite --samples 2 --out $task
  cp .out $task.table
  grep -q '^self_consistency' $task.table || fail "no table: $(cat .out)"
  awk 'length > 100 { exit 1 }' $task.table || fail "wider than 100 columns: $(cat .out)"
  said "written: $task/results.json"
  [ "$(wc -l <$task/samples_$task.jsonl)" -eq 18 ] || fail "$(wc -l <$task/samples_$task.jsonl) samples of 9 arms and 2 problems"
  [ "$(value $task/results.json koan problems)" = 2 ] || fail "problems"
  # One model on both sides: no gap, so nothing to recover.
  [ "$(value $task/results.json koan arms qa recovery)" = null ] || fail "a recovery without a gap"
  [ "$(ls $task/asks | wc -l)" -eq 6 ] || fail "ask files: $(ls $task/asks)"
done
# What the receiver makes of an ask file is what the run counted.
python3 - <<'PY'
import json, subprocess, os
config = json.load(open("gsm8k/config.json"))
for line in open("gsm8k/samples_gsm8k.jsonl"):
    sample = json.loads(line)
    if sample["arm"] != "qa": continue
    asks = f"gsm8k/asks/qa-{sample['doc_id']}-0.kask"
    assert os.path.getsize(asks) == sample["file_bytes"], asks
    row = [r for r in map(json.loads, open("gsm8k_test.jsonl")) if r["id"] == sample["doc"]["id"]][0]
    task = json.load(open(os.environ["source_tree"] + "/evals/tasks/gsm8k.json"))
    text = task["text"].replace("{{question}}", row["question"])
    got = subprocess.run([os.environ["KOAN"], "ask", "receive", "-q", "--small", "local:nano", text, asks], capture_output=True, text=True)
    assert got.returncode == 0, got.stderr
    assert got.stdout.rstrip("\n") == sample["resps"][0][0], (got.stdout, sample["resps"])
PY
[ $? -eq 0 ] || fail "koan ask receive"

if "$KOAN" eval run mbpp "${nano[@]}" --limit 2 --arms retry,qa --out mbpp >.out 2>.err; then
  grep -q '^qa ' .out || fail "no table: $(cat .out)"
else
  grep -q -i "bubblewrap\|bwrap\|isolat" .err || fail "$(cat .err)"
  echo "SKIPPED: programs in the sandbox: $(cat .err)"
fi

# Run again, nothing is done again; results are the same to the byte.
cp gsm8k/results.json before; cp gsm8k/journal-0-of-1.jsonl journal
expect 0 run gsm8k "${nano[@]}" --limit 2 --arms retry,self_consistency,blc,qa,random_bits,lossless,rewrite --samples 2 --out gsm8k
same gsm8k/results.json before; same gsm8k/journal-0-of-1.jsonl journal; same .out gsm8k.table
# Another run in its folder is refused; a folder of its own is found by rule.
expect_error 2 "'max_tokens' differs" run gsm8k "${nano[@]}" -n 13 --limit 2 --arms retry,self_consistency,blc,qa,random_bits,lossless,rewrite --samples 2 --out gsm8k
expect_error 2 "'problems' differs" run gsm8k "${nano[@]}" --limit 2 --arms retry,self_consistency,blc,qa,random_bits,lossless,rewrite --samples 2 --seed 1 --out gsm8k
same gsm8k/results.json before
expect 0 run gsm8k "${nano[@]}" --limit 1 --arms retry --json
[ "$(value .out koan task)" = '"gsm8k"' ] || fail "$(cat .out)"
ls -d runs/gsm8k-????????????/results.json >/dev/null || fail "no folder of its own"

# Shards, by hand and by the variables of a job array and of MPI, are one run, whatever the threads.
whole() { run gsm8k "${nano[@]}" --arms retry,qa,select --trials 2 "$@"; }
expect 0 whole -T 1 --out whole
expect 0 whole -T 2 --shard 1/2 --out halves; absent halves/results.json
said "the other shards are to come"
expect 0 whole --shard 0/2 --out halves
[ "$(timeless halves/results.json)" = "$(timeless whole/results.json)" ] || fail "shards make another result"
expect 0 env SLURM_ARRAY_TASK_ID=11 SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=10 "$KOAN" eval run gsm8k "${nano[@]}" --arms retry,qa,select --trials 2 --shard env --out jobs
expect 0 env OMPI_COMM_WORLD_RANK=0 OMPI_COMM_WORLD_SIZE=2 "$KOAN" eval run gsm8k "${nano[@]}" --arms retry,qa,select --trials 2 --shard env --out jobs
[ "$(timeless jobs/results.json)" = "$(timeless whole/results.json)" ] || fail "jobs make another result"
expect_error 2 "SLURM_ARRAY_TASK_ID" run gsm8k "${nano[@]}" --shard env

# Killed at any moment, the same command goes on and comes to the same.
for delay in 0.4 0.8 1.2 1.6; do
  { timeout -s KILL $delay "$KOAN" eval run gsm8k "${nano[@]}" --arms retry,qa,select --trials 2 --out killed >/dev/null 2>&1; } 2>/dev/null
done
rm -f killed/.koan-tmp-* killed/asks/.koan-tmp-*
expect 0 whole --out killed
[ "$(timeless killed/results.json)" = "$(timeless whole/results.json)" ] || fail "killed, it comes to another result"
# Asked to stop, it stops.
KOAN_ISA=scalar "$KOAN" eval run gsm8k --small local:small --large local:small --out stopped >/dev/null 2>.err & pid=$!
sleep 1.5; kill -TERM $pid; wait $pid
[ $? -eq 130 ] || fail "not stopped by a signal: $(cat .err)"

expect_error 2 "there is no arm 'qb'; there are: small" run gsm8k "${nano[@]}" --arms qb
expect_error 2 "there is no task 'gsm9k'" run gsm9k "${nano[@]}"
expect_error 2 "no shard" run gsm8k "${nano[@]}" --shard 2/2
expect_error 2 "KOAN_BENCHMARKS" env KOAN_BENCHMARKS= "$KOAN" eval run gsm8k "${nano[@]}"
expect_error 3 "nowhere" run gsm8k "${nano[@]}" --data nowhere
expect_error 2 "--data FILE" run gpqa "${nano[@]}"
expect_error 2 "needs the cache" run gsm8k "${nano[@]}" --no-cache
expect_error 2 "small" run gsm8k --large local:nano
expect 0 run --help; grep -q random_bits .out || fail "help does not list the arms"
# A task with a pair of its own needs no models; its page comes with it, and ten answers are at most two bytes.
expect 0 run offline --data "$source_tree/evals/samples" --limit 2 --arms qa,select --report --out offline -q
grep -q '</html>' offline/report.html || fail "no page"
ls offline/asks/qa-*.kask >/dev/null || fail "no ask files"
python3 - <<'PY' || fail "offline: $(cat offline/results.json)"
import json
koan = json.load(open("offline/results.json"))["koan"]
assert koan["arms"]["qa"]["payload_bytes"] <= 2 and koan["arms"]["qa"]["bits_as_questions"] == 10
PY

clean
