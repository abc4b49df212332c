"""What XProf says of .xplane.pb files, as JSON lines: share of time that devices are busy and idle, and what a device computes in the steps
that it finds.

python3 xprof_shares.py FILE...   (xprof as in fixtures/make/requirements-traces.txt)
"""
import json
import sys

from xprof.convert import raw_to_tool_data


def share(properties, name):
    text = properties.get(name, "")
    return float(text.rstrip("%")) / 100 if text.endswith("%") else None


def steps(table):
    """Milliseconds of computing over all steps; None: no such column, or no step."""
    names = [column["id"] for column in table["cols"]]
    if "deviceComputeTimeMs" not in names or not table["rows"]:
        return None
    at = names.index("deviceComputeTimeMs")
    return sum(float(row["c"][at]["v"]) for row in table["rows"])


for path in sys.argv[1:]:
    row = {"file": path}
    try:
        data, _ = raw_to_tool_data.xspace_to_tool_data([path], "overview_page", {})
        tables = json.loads(data)
        row |= {"busy": share(tables[0]["p"], "device_duty_cycle_percent"), "idle": share(tables[0]["p"], "device_idle_time_percent")}
        row["computeMs"] = steps(tables[1])
    except Exception as error:  # noqa: BLE001
        row["error"] = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps(row), flush=True)
