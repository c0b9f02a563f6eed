#!/bin/bash
# The shards of koan eval run under mpirun, for real: two processes, one folder, the same results as one process makes.
. tests/cli/begin.sh
. "$source_tree/tests/cli/runs.sh"
command -v mpirun >/dev/null || { echo "SKIPPED: mpirun is not installed (openmpi-bin)"; exit 77; }
python3 "$source_tree/tests/cli/benchmarks.py" . 6
export KOAN_BENCHMARKS=$work
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
run=("$KOAN" eval run gsm8k --small local:nano --large local:nano -n 24 --arms all --samples 2)

expect 0 mpirun --oversubscribe -n 2 "${run[@]}" -T 1 --shard env --out mpi
[ -s mpi/journal-0-of-2.jsonl ] && [ -s mpi/journal-1-of-2.jsonl ] || fail "not two shards: $(ls mpi)"
[ "$(wc -l <mpi/journal-0-of-2.jsonl)" -eq "$(wc -l <mpi/journal-1-of-2.jsonl)" ] || fail "unequal shards"
expect 0 "${run[@]}" --out one
[ "$(timeless mpi/results.json)" = "$(timeless one/results.json)" ] || fail "two processes make another result"
# One that died is made up for by the same command.
rm mpi/results.json; head -n 5 mpi/journal-1-of-2.jsonl >part; printf '{"task":"gs' >>part; cp part mpi/journal-1-of-2.jsonl
expect 0 mpirun --oversubscribe -n 2 "${run[@]}" -T 1 --shard env --out mpi
[ "$(timeless mpi/results.json)" = "$(timeless one/results.json)" ] || fail "resumed, two processes make another result"
clean
