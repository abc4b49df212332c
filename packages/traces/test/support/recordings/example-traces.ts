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
}
