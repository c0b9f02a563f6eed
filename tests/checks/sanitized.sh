#!/bin/bash
# The unit tests again, in the build with address and undefined-behaviour sanitizers.
set -u
build=${KOAN_OTHER_BUILDS:+$KOAN_OTHER_BUILDS/sanitize}
if [ -z "$build" ] || [ ! -f "$build/CTestTestfile.cmake" ]; then
  echo "SKIPPED: no sanitizer build (./check makes one)"
  exit 77
fi
ctest --test-dir "$build" -L unit -LE slow --output-on-failure
