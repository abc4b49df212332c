"""MLPerf LoadGen's Server scenario against an address: Poisson arrivals at a rate, latency from the scheduled instant.

    python loadgen.py ADDRESS REQUESTS_PER_SECOND SECONDS

LoadGen has no HTTP of its own: threads of this process send, each over a connection that it keeps. Prints p50, p99 (ms) and the rate as JSON.
"""
import concurrent.futures
import http.client
import json
import re
import sys
import tempfile
import threading
from urllib.parse import urlsplit

import mlperf_loadgen as lg

url, rate, seconds = urlsplit(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
local = threading.local()


def send(sample):
    if not hasattr(local, 'connection'):
        local.connection = http.client.HTTPConnection(url.hostname, url.port)
    local.connection.request('POST', url.path, b'{}', {'Content-Type': 'application/json'})
    local.connection.getresponse().read()
    lg.QuerySamplesComplete([lg.QuerySampleResponse(sample, 0, 0)])


pool = concurrent.futures.ThreadPoolExecutor(256)
settings = lg.TestSettings()
settings.scenario = lg.TestScenario.Server
settings.mode = lg.TestMode.PerformanceOnly
settings.server_target_qps = rate
settings.server_target_latency_ns = 10**9
settings.min_duration_ms = int(seconds * 1000)
settings.max_duration_ms = int(seconds * 1500)
settings.min_query_count = 1
log = lg.LogSettings()
log.log_output.outdir = tempfile.mkdtemp()
sut = lg.ConstructSUT(lambda samples: [pool.submit(send, one.id) for one in samples], lambda: None)
qsl = lg.ConstructQSL(1, 1, lambda _: None, lambda _: None)
lg.StartTestWithLogSettings(sut, qsl, settings, log)
lg.DestroyQSL(qsl)
lg.DestroySUT(sut)
summary = open(f'{log.log_output.outdir}/mlperf_log_summary.txt').read()


def told(pattern):
    found = re.search(pattern, summary)
    return None if found is None else float(found[1])


print(json.dumps({
    'p50Ms': told(r'50\.00 percentile latency \(ns\)\s*:\s*(\d+)') / 1e6,
    'p99Ms': told(r'99\.00 percentile latency \(ns\)\s*:\s*(\d+)') / 1e6,
    'rate': told(r'Completed samples per second\s*:\s*([\d.]+)'),
}))
