#!/usr/bin/env bash
# Gradescope runs this for each submission and reads results/results.json. It always leaves one.
root=${AUTOGRADER_ROOT:-/autograder}
python=${AUTOGRADER_PYTHON:-$root/environment/bin/python}
results=$root/results/results.json
export PYTHONPATH=$root/source/package OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1

mkdir -p "$root/results"
rm -f "$results"
cd "$root" || exit 1
"$python" -m autograder grade-one @STEM@ "$root/submission" --for gradescope --reduced \
  --metadata "$root/submission_metadata.json" --visibility @VISIBILITY@ --out "$results"
if [ ! -s "$results" ]; then
  echo '{"score": 0, "output_format": "text", "output": "The autograder did not start. This is not your fault: tell your instructor, who finds the reason in the output of the autograder."}' >"$results"
fi
