// A small trace of each format, by hand, to be damaged by tests.
import { example } from './example-kineto.ts'
import { marshalled } from './example-marshal.ts'
import { pprofOf } from './example-pprof.ts'
import { line, plane, space } from './example-xspace.ts'

const frames = [{ name: 'a', file: 'a.py', line: 1 }, { name: 'b' }]
/** By the reader's id. */
export const EXAMPLE_TRACES: Readonly<Record<string, Buffer>> = {
  kineto: Buffer.from(JSON.stringify(example())),
  chrome: Buffer.from('[{"ph":"B","name":"a","ts":0,"pid":1,"tid":1},{"ph":"E","ts":5,"pid":1,"tid":1}]'),
  speedscope: Buffer.from(
    JSON.stringify({
      $schema: 'https://www.speedscope.app/file-format-schema.json',
      shared: { frames },
      profiles: [{ type: 'sampled', unit: 'seconds', samples: [[0, 1]], weights: [2] }],
    }),
  ),
  collapsed: Buffer.from('a (x.py:1);b 3\nc 4\na;d 5\n'),
  cprofile: marshalled([
    [
      ['a.py', 1, 'f'],
      [1, 1, 0.5, 0.5],
    ],
    [
      ['~', 0, '<x>'],
      [1, 1, 0.5, 0.5],
    ],
  ]),
  cpuprofile: Buffer.from(
    '{"nodes":[{"id":1,"callFrame":{"functionName":"a","url":"","lineNumber":1},"children":[2]},{"id":2,"callFrame":{"functionName":"b"}}],"samples":[1,2],"timeDeltas":[1,2]}',
  ),
  pyinstrument: Buffer.from(
    '{"sample_count":3,"root_frame":{"function":"a","file_path":"a.py","line_no":1,"time":2,"children":[]}}',
  ),
  scalene: Buffer.from(
    '{"elapsed_time_sec":2,"files":{"a.py":{"lines":[{"lineno":1,"line":"x","n_cpu_percent_python":5,"n_cpu_percent_c":1,"n_sys_percent":0}]}}}',
  ),
  xplane: space([
    plane('/device:GPU:0', {
      lines: [line('Stream #1', 5n, [[1, 2, 3_000_000]])],
      events: { 1: 'k' },
      numbers: { core_count: 3 },
    }),
  ]),
  pprof: pprofOf({ types: [['cpu', 'nanoseconds']], samples: [{ stack: [['a'], ['b']], values: [5] }] }),
  openvino: Buffer.from('layerName;execStatus;layerType;execType;realTime (ms);cpuTime (ms);\na;EXECUTED;Conv;jit;1.0;1.0;\n'),
  tflite: Buffer.from(
    'node type, start, first, avg_ms, %, cdf%, mem KB, times called, name\nCONV, 0, 0, 1.0, 1%, 1%, 0, 1, [a]:0\n',
  ),
  ncu: Buffer.from('"ID","Kernel Name","gpu__time_duration.sum"\n"","","ns"\n"0","k","5"\n'),
  rocprof: Buffer.from('"Kernel_Name","Start_Timestamp","End_Timestamp"\n"k",5,9\n'),
  'llama-cpp': Buffer.from(
    '{"content":"a","timings":{"cache_n":0,"prompt_n":13,"prompt_ms":250.368,"predicted_n":4,"predicted_ms":165.6}}\n{"timings":{"prompt_n":2,"prompt_ms":9}}\n',
  ),
  'llama-cpp-log': Buffer.from(
    'slot print_timing: id 0 | task 0 |\nprompt eval time =     100.00 ms /    50 tokens (    2.00 ms per token,   500.00 tokens per second)\n       eval time =     640.00 ms /    64 tokens (   10.00 ms per token,   100.00 tokens per second)\n      total time =     760.00 ms /   114 tokens\n',
  ),
  'llama-bench': Buffer.from(
    '[{"build_commit":"abc","n_prompt":512,"n_gen":0,"n_depth":0,"avg_ns":500000000,"samples_ns":[1,2]},{"n_prompt":0,"n_gen":128,"n_depth":0,"avg_ns":1280000000,"samples_ns":[1,2]}]',
  ),
  ollama: Buffer.from(
    '{"model":"m","created_at":"t","response":"a","done":false}\n{"model":"m","done":true,"total_duration":3000000000,"load_duration":1000000000,"prompt_eval_count":10,"prompt_eval_duration":500000000,"eval_count":100,"eval_duration":1400000000}\n',
  ),
  'vllm-bench': Buffer.from(
    '{"backend":"vllm","completed":2,"total_input_tokens":20,"total_output_tokens":8,"request_rate":"inf","mean_ttft_ms":50,"mean_tpot_ms":10,"mean_itl_ms":20,"median_itl_ms":20,"p99_itl_ms":30,"input_lens":[10,10],"output_lens":[5,3],"ttfts":[0.04,0.06],"itls":[[0.02,0.02],[0.02]],"errors":["",""]}',
  ),
  aiperf: Buffer.from(
    '{"request_count":{"unit":"requests","avg":4},"time_to_first_token":{"unit":"ms","avg":50,"p50":49,"p99":80},"inter_token_latency":{"unit":"ms","avg":10,"p50":10,"p99":12},"request_latency":{"unit":"ms","avg":150},"output_sequence_length":{"unit":"tokens","avg":11},"input_sequence_length":{"unit":"tokens","avg":100}}',
  ),
  'openvino-genai': Buffer.from(
    '{"loadTime":900,"numGeneratedTokens":20,"numInputTokens":30,"rawMetrics":{"generateDurations":[200,220],"tokenizationDurations":[2,2],"detokenizationDurations":[1,1],"timesToFirstToken":[50,60]}}',
  ),
}
