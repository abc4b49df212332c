"""What HolisticTraceAnalysis says of traces: idle, compute, copy and other shares of the device, as JSON lines.

python3 hta_shares.py TRACE...   (HolisticTraceAnalysis as in fixtures/make/requirements-traces.txt)
"""
import json
import logging
import sys
import warnings

warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)

from hta.trace_analysis import TraceAnalysis  # noqa: E402


def copies(analysis, whole):
    """Copies and fills where neither kernels nor communication run; None: there are none, or it does not say."""
    types, _ = analysis.get_gpu_kernel_breakdown(visualize=False, include_memory_kernels=True)
    told = {str(kind): float(us) for kind, us in zip(types["kernel_type"], types["sum"])}
    return told.get("MEMORY", 0.0) / whole


for path in sys.argv[1:]:
    row = {"file": path}
    try:
        analysis = TraceAnalysis(trace_files={0: path}, include_last_profiler_step=True)
        told = analysis.get_temporal_breakdown(visualize=False).iloc[0]
        whole = float(told["kernel_time(us)"])
        row |= {"lengthUs": whole, "idle": told["idle_time(us)"] / whole, "compute": told["compute_time(us)"] / whole}
        row |= {"busy": 1 - row["idle"], "other": told["non_compute_time(us)"] / whole}
        frame = analysis.t.traces[0]
        device = frame[frame["stream"].ne(-1)]
        row["events"] = int(len(device))
        try:
            row["copy"] = copies(analysis, whole)
        except Exception:  # noqa: BLE001
            row["copy"] = None
    except Exception as error:  # noqa: BLE001
        row["error"] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps(row), flush=True)
