#!/usr/bin/env bash
# threadpoolctl 3.8.0: a limit on OpenBLAS that is set by one thread and lifted by another stays, and nothing says so.
#
# threadpool_limits(limits=1) may be used as a plain call; its restore_original_limits() undoes it. Up to 3.6.0 any
# thread could do either. In 3.8.0 only the first thread that set a limit is heeded for as long as it lives; what another
# thread sets or restores is ignored without an error or a warning. A program whose training runs in one thread and
# whose measuring in another, each holding BLAS to one thread while it works, ends with a limit that it does not want,
# or without one that it needs, and sums come out with other last digits.
#
# Seen with numpy 2.4.6 on Linux x86_64 (OpenBLAS with its own threads). Fails if this changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import threading
import numpy as np
import threadpoolctl

def threads():
    return [pool["num_threads"] for pool in threadpoolctl.threadpool_info() if pool["user_api"] == "blas"]

np.ones((2, 2)) @ np.ones((2, 2))
threadpoolctl.threadpool_limits(limits=2, user_api="blas")          # the main thread: 2, whatever the machine has
before = threads()
other = threading.Thread(target=lambda: threadpoolctl.threadpool_limits(limits=1, user_api="blas"))
other.start()
other.join()
print("threadpoolctl", threadpoolctl.__version__, "before", before, "after another thread asked for one", threads())
PY
for version in 3.6.0 3.8.0; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet numpy==2.4.6 "threadpoolctl==$version"
    "$folder/$version/bin/python" "$folder/try.py"
done | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
threadpoolctl 3.6.0 before [2] after another thread asked for one [1]
threadpoolctl 3.8.0 before [2] after another thread asked for one [2]
WANTED
echo "as stated"
