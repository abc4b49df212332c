// What people type who know other tools, and what it is called here.

/** A first word that is no command, by what it means: the command's words; '' is `whyslow X` itself. */
const MEANT: Readonly<Record<string, string>> = {
  '': 'analyse analyze analyzer bench benchmark benchmarking check-model debug diagnose explain-model infer inference info-model inspect latency measure measurement perf perftest predict prof profile profiler run slow speed stats summary test time timeit timing trace-model why whyslow',
  fix: 'accelerate auto-tune autotune boost compress faster fuse improve optimise optimiser optimize optimizer prune repair simplify speed-up speedup tune',
  quantize: 'fp16 half int4 int8 quant quantise quantization',
  convert: 'export onnx tflite tfjs transform translate',
  distill: 'distil distillation student train',
  compare: 'diff difference duel versus vs',
  generate: 'chat completion completions decode decoder gguf llm llama text-generation token tokens tokens-per-second tpot ttft',
  embed: 'embedder embedding embeddings encode encoder feature-extraction sentence-transformers',
  lint: 'check-quantization lint-model quantization-check',
  pipeline: 'app code handler preprocessing script',
  explain: 'import kineto perfetto recording trace traces',
  view: 'browse dashboard gui html open page report show ui web',
  serve: 'deploy host server serving start up',
  load: 'ab-test hey http k6 load-test loadtest locust qps rps slo stress throughput vegeta wrk',
  check: 'assert ci gate regress regression',
  doctor:
    'backends capabilities cpu device devices env environment gpu hardware info init install machines providers runtimes setup status system uninstall update upgrade',
  demo: 'example examples hello quickstart sample start-here try tutorial',
  'fleet run': 'batch cluster many matrix sweep',
  'fleet worker': 'agents daemon work worker workers',
  'fleet report': 'aggregate studies table',
  'fleet estimate': 'estimate extrapolate forecast simulate whatif',
  'fleet history': 'log runs saved',
}

export const COMMAND_SUGGESTIONS: ReadonlyMap<string, string> = new Map(
  Object.entries(MEANT).flatMap(([command, words]) => words.split(' ').map((word) => [word, command] as const)),
)

export interface FlagMeant {
  /** Flags of other tools, without dashes. */
  readonly typed: string
  /** The first that the command has is the one. */
  readonly flags?: readonly string[]
  /** The value may name another flag: `--format html` is `--html`. */
  readonly isFormat?: true
  /** Replaces the value that was typed. */
  readonly value?: string
  /** Replaces the flag: the whole command. */
  readonly command?: string
  readonly because?: string
}

const SEARCHES = 'whyslow searches by itself'

export const FLAG_SUGGESTIONS: readonly FlagMeant[] = [
  {
    typed:
      'iterations iters iter n num-iterations num-runs loops repeat repeats repetitions reps runs min-runs max-runs steps count',
    flags: ['--duration', '--seconds'],
    value: '10s',
    because: 'whyslow measures for a time, not for a number of runs',
  },
  { typed: 'warmup warm-up warmups warmup-runs w', because: 'whyslow warms up by itself' },
  { typed: 'batch-size batchsize batch_size bs b batches', flags: ['--batch'] },
  { typed: 'time t length', flags: ['--duration', '--seconds'] },
  {
    typed: 'gpu cuda use-gpu nvidia',
    command: 'MODEL --engine ort-cuda',
    because: 'whyslow doctor lists the engines that are installed',
  },
  { typed: 'tensorrt trt', command: 'MODEL --engine ort-tensorrt' },
  { typed: 'webgpu', command: 'MODEL --engine ort-webgpu' },
  {
    typed: 'device provider providers ep execution-provider execution-providers backend runtime target',
    command: 'MODEL --engine ort-cpu',
    because: 'whyslow doctor lists the engines',
  },
  {
    typed: 'model m onnx tflite keras file f path i in input input-model model-path model_path',
    because: 'the model needs no flag',
  },
  { typed: 'output output-dir outdir dest save-to o', flags: ['--out', '--json'] },
  { typed: 'input-shape input-shapes shapes size dims resolution input_shape', flags: ['--shape'] },
  {
    typed: 'num-threads nthreads n-threads num_threads cpus cores jobs j intra-op-threads intra-op-num-threads thread',
    flags: ['--threads'],
  },
  { typed: 'dataset input-data inputs feed feeds samples data-dir calibration-data', flags: ['--data'] },
  { typed: 'int8 quantize quantization', command: 'quantize MODEL -o fast/' },
  { typed: 'int4 w4 4bit', command: 'quantize MODEL -o fast/ --method weights --bits 4' },
  { typed: 'fp16 half', command: 'quantize MODEL -o fast/ --method float16' },
  { typed: 'optimize optimise fix tune auto-tune speedup', command: 'fix MODEL -o fast/', because: SEARCHES },
  { typed: 'list list-engines engines-list show-engines', command: 'doctor' },
  { typed: 'serve', command: 'serve MODEL' },
  { typed: 'compare', command: 'compare MODEL', because: 'compare is a command' },
  { typed: 'bench benchmark profile measure profiling why', command: 'MODEL', because: 'no flag is needed' },
  { typed: 'fast short', flags: ['--quick'] },
  { typed: 'silent s no-progress-bar', flags: ['--quiet', '--no-progress'] },
  { typed: 'format output-format report', flags: ['--json'], value: '-', isFormat: true },
  { typed: 'web browser-open show ui gui', flags: ['--open'] },
  { typed: 'c clients connections vus users concurrency', flags: ['--concurrency', '--clients'] },
  { typed: 'qps rps requests-per-second r', flags: ['--rate'] },
  { typed: 'opt-level optimization-level opt O', flags: ['--graph-optimization'] },
  { typed: 'precision bits dtype', command: 'quantize MODEL -o fast/' },
  { typed: 'debug vv vvv', flags: ['--verbose'] },
  { typed: 'ver', flags: ['--version'] },
  { typed: 'quick', flags: ['--budget'], value: '20s', because: 'a short search' },
  { typed: 'prompt text', flags: ['--prompts'], value: 'prompts.txt', because: 'prompts are lines of a file' },
  { typed: 'p99 p95 p90 p50 max-latency latency-target', flags: ['--slo'], value: 'p99<20ms' },
  { typed: 'threshold max-ratio max-regression regression tolerate fail', flags: ['--fail-above'] },
  { typed: 'function func entry entrypoint entry-point handler predict', flags: ['--call'] },
  { typed: 'port p', flags: ['--port'] },
  { typed: 'to target-format', flags: ['--out'], value: 'out.tflite' },
  { typed: 'flamegraph flame-graph flame perfetto speedscope', flags: ['--save-trace', '--save-profile'], value: 'trace.json' },
]

/** First words of commands that start a user's own program. */
export const LAUNCHERS: ReadonlySet<string> = new Set(
  'node npm npx pnpm yarn bun deno tsx python python3 py poetry uv uvx pipenv uvicorn gunicorn hypercorn waitress-serve flask fastapi django-admin java docker'.split(
    ' ',
  ),
)
