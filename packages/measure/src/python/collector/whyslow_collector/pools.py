"""Threads of the process, as Linux tells them (proc(5)): how many were on a CPU, and the pools of native code that are loaded. Elsewhere
nothing is told."""

import os
import re
import threading

from .places import usable_cpus

_POOLS = (
    ("OpenMP (libgomp)", re.compile(r"libgomp[^/]*\.so")),
    ("OpenMP (libomp)", re.compile(r"lib(iomp5|omp)[^/]*\.so")),
    ("OpenBLAS", re.compile(r"libopenblas|libscipy_openblas|openblas")),
    ("MKL", re.compile(r"libmkl_rt|mkl_core")),
    ("TBB", re.compile(r"libtbb[^/]*\.so")),
)
#: A thread that used a CPU for so long was at work.
_AT_WORK_SHARE = 0.02


def process_facts(before=None, wall_ns=None):
    """What to compare with later; with arguments, the facts of the time between."""
    ticks = thread_ticks()
    if before is None:
        return ticks
    own = own_threads()
    facts = {"pools": pools(), "pythonThreads": threading.active_count() - len(own), "usableCpus": usable_cpus()}
    if ticks and wall_ns:
        ticks = {thread: used for thread, used in ticks.items() if thread not in own}
        second = os.sysconf("SC_CLK_TCK")
        least = _AT_WORK_SHARE * wall_ns / 1e9 * second
        busy = sum(1 for thread, used in ticks.items() if used - before.get(thread, 0) > least)
        facts["threads"] = busy
        facts["threadsAlive"] = len(ticks)
        facts["busyCpus"] = sum(max(0, used - before.get(thread, 0)) for thread, used in ticks.items()) / second / (wall_ns / 1e9)
    return facts


def own_threads():
    """Those that the collector has started, as the system numbers them."""
    return {str(one.native_id) for one in threading.enumerate() if one.name.startswith("whyslow-")}


def thread_ticks():
    found = {}
    try:
        threads = os.listdir("/proc/self/task")
    except OSError:
        return found
    for thread in threads:
        try:
            with open("/proc/self/task/%s/stat" % thread) as file:
                fields = file.read().rsplit(")", 1)[1].split()
            found[thread] = int(fields[11]) + int(fields[12])
        except (OSError, IndexError, ValueError):
            continue
    return found


def pools():
    """Libraries with threads of their own that are loaded; how many threads each has they do not tell: the environment's word, else CPUs."""
    try:
        with open("/proc/self/maps") as file:
            mapped = file.read()
    except OSError:
        return []
    found = []
    for name, pattern in _POOLS:
        files = {line.split()[-1] for line in mapped.splitlines() if pattern.search(line)}
        found.extend({"name": name, "threads": asked(name), "file": os.path.basename(one)} for one in sorted(files))
    return found


def asked(name):
    variables = {"OpenBLAS": "OPENBLAS_NUM_THREADS", "MKL": "MKL_NUM_THREADS"}
    for variable in (variables.get(name), "OMP_NUM_THREADS"):
        told = os.environ.get(variable or "", "")
        if told.split(",")[0].isdigit():
            return int(told.split(",")[0])
    return usable_cpus()
