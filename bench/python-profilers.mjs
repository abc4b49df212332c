// Which profiler names the line and the cause first? Ten services of planted-pipelines/python under whyslow, Scalene, py-spy, torch.profiler and cProfile.
// A program decides, by one rule for all services:
// - Line: where a planted line, or one of the loop or function that begins there, stands among the distinct lines of the user's file, in the tool's order. Profilers order by time, whyslow by its findings. From the fourth on
//   it does not count. cProfile's lines are functions: of it the `def` around a planted line counts as well.
// - Cause: which row of the tool is the first with a word of the cause (WORDS): a function, an operator, or the source line that the tool prints. From row 21 on it does not
//   count. Of whyslow the finding must be that of the planted rule.
// What a tool can leave out is left out in its favour: cProfile and torch.profiler record predictions alone, without imports and loading. The last row of the table is what a
// prediction takes while the tool is at work, over what it takes alone.
//   PYTHON=.venv/bin/python (pip install scalene py-spy torch scikit-learn pandas xgboost) node bench/python-profilers.mjs [--out folder]      ONLY=word,word   SECONDS=6
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'
import { readPlanted } from './planted-files.mjs'
import { keepResult } from './result.mjs'
import { geometricMean, reasonOf, root, temporaryFolder } from './shared.mjs'

const seconds = Number(process.env.SECONDS ?? 6)
const LIMIT_MS = 240_000
const [LINES, ROWS] = [3, 20]
/** Its events of one second fill a gigabyte. */
const TORCH_SECONDS = 0.5
const given = process.env.PYTHON ?? 'python3'
const python = given.includes(path.sep) ? path.resolve(given) : given
const only = process.env.ONLY?.split(',') ?? []
const folder = temporaryFolder()

/** Words that a profile of the service can hold, and one of its twin cannot. */
const WORDS = {
  'scalar-loop': /\bfor\b|\bwhile\b|loop|vectori[sz]e/i,
  'json-in-the-loop': /json/i,
  'file-in-the-loop': /\bopen\b|\bread\b/i,
  'dataframe-per-row': /iterrows/i,
  'model-reloaded-per-call': /pickle|\bload|setstate/i,
  'tokenizer-dominates': /tokeni[sz]e/i,
  'gradient-tracking': /grad/i,
  'training-mode': /native_dropout|bernoulli|train/i,
  'torch-item-loop': /\bitem\b|_local_scalar_dense/i,
  'predict-call-dmatrix': /DMatrix|DataFrame/i,
}

fs.writeFileSync(
  path.join(folder, 'loop.py'),
  `import importlib.util, os, sys, time

def prepare():
    global samples, model, stages
    spec = importlib.util.spec_from_file_location('service', os.environ['SERVICE'])
    service = sys.modules['service'] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(service)
    samples = list(service.samples())
    model = [service.load()] if hasattr(service, 'load') else []
    stages = [getattr(service, name) for name in ('preprocess', 'predict', 'postprocess') if hasattr(service, name)]
    once(samples[0])

def once(value):
    for stage in stages:
        value = stage(*model, value) if stage.__name__ == 'predict' else stage(value)

def predictions():
    calls, start = 0, time.perf_counter()
    while time.perf_counter() < start + float(os.environ['SECONDS']):
        for sample in samples:
            once(sample)
            calls += 1
    with open(os.environ['TIME'], 'w') as file:
        file.write(repr((time.perf_counter() - start) / calls))

if __name__ == '__main__':
    prepare()
    predictions()
`,
)

/** Runs a program on a service; throws with the last line that it printed. */
function run(program, words, file, during = seconds) {
  const env = { ...process.env, SERVICE: file, SECONDS: String(during), TIME: path.join(folder, 'time') }
  const options = { encoding: 'utf8', timeout: LIMIT_MS, maxBuffer: 1e9, cwd: folder, env }
  const { stdout, stderr, status, error } = spawnSync(program, words, options)
  if (status !== 0) throw error ?? new Error((stderr || stdout).trim().split('\n').at(-1))
  return stdout
}

/** Seconds of a prediction in the last run; undefined: it has not said. */
function takePredictionS() {
  const file = path.join(folder, 'time')
  if (!fs.existsSync(file)) return undefined
  const found = Number(fs.readFileSync(file, 'utf8'))
  fs.rmSync(file)
  return found
}

const byTime = (times) => [...times].sort((a, b) => b[1] - a[1]).map(([what]) => what)
const add = (times, what, more) => times.set(what, (times.get(what) ?? 0) + more)
const rowsIn = (text) =>
  text
    .trim()
    .split('\n')
    .filter(Boolean)
    .map((row) => row.split('\t'))

/** Of each tool what it shows of a service, the first first: lines of the user's file, and the text of rows. */
const TOOLS = {
  whyslow(file) {
    const words = ['pipeline', file, '--quick', '--no-inner', '--json', '-', '--python', python]
    const { findings } = JSON.parse(run(process.execPath, [path.join(root, 'dist/whyslow/main.js'), ...words], file))
    const places = findings.flatMap((one) => one.places).filter((one) => path.basename(one.file) === path.basename(file))
    return { lines: places.map(({ line }) => line), rows: findings.map(({ rule }) => rule) }
  },
  Scalene(file) {
    const out = path.join(folder, 'scalene.json')
    fs.rmSync(out, { force: true })
    run(python, ['-m', 'scalene', 'run', '--cpu-only', '--outfile', out, 'loop.py'], file)
    const { files } = JSON.parse(fs.readFileSync(out, 'utf8'))
    const own = Object.entries(files).find(([name]) => path.basename(name) === path.basename(file))?.[1]
    const cost = (one) => one.n_cpu_percent_python + one.n_cpu_percent_c + one.n_sys_percent
    const sorted = (some) => (some ?? []).filter((one) => cost(one) > 0).sort((a, b) => cost(b) - cost(a))
    const [lines, functions] = [sorted(own?.lines), sorted(own?.functions)]
    return { lines: lines.map(({ lineno }) => lineno), rows: sorted([...lines, ...functions]).map(({ line }) => line) }
  },
  'py-spy'(file) {
    const out = path.join(folder, 'py-spy.txt')
    const words = ['record', '--format', 'raw', '--rate', '200', '--output', out, '--', python, 'loop.py']
    run(path.join(path.dirname(python), 'py-spy'), words, file)
    const [lines, rows] = [new Map(), new Map()]
    for (const row of fs.readFileSync(out, 'utf8').trim().split('\n')) {
      const [, stack, count] = /^(.*) (\d+)$/.exec(row)
      const frames = stack.split(';')
      const at = frames.findLastIndex((frame) => frame.includes(`${path.basename(file)}:`))
      if (at < 0) continue
      add(lines, Number(/:(\d+)\)$/.exec(frames[at])[1]), Number(count))
      for (const frame of new Set(frames.slice(at))) add(rows, frame, Number(count))
    }
    return { lines: byTime(lines), rows: byTime(rows) }
  },
  'torch.profiler'(file) {
    const code = `import loop, os
from torch.profiler import profile, ProfilerActivity
from torch._C._profiler import _ExperimentalConfig
loop.prepare()
with profile(activities=[ProfilerActivity.CPU], with_stack=True, experimental_config=_ExperimentalConfig(verbose=True)) as found:
    loop.predictions()
for one in found.key_averages(group_by_stack_n=30):
    own = [frame for frame in one.stack or [] if os.path.basename(os.environ['SERVICE']) in frame]
    print('%s\\t%s\\t%s' % (one.key, own[0] if own else '', one.self_cpu_time_total))`
    const [lines, rows] = [new Map(), new Map()]
    for (const [name, place, us] of rowsIn(run(python, ['-c', code], file, TORCH_SECONDS))) {
      const line = Number(/\((\d+)\)/.exec(place)?.[1])
      if (line) add(lines, line, Number(us))
      add(rows, name, Number(us))
    }
    return { lines: byTime(lines), rows: byTime(rows) }
  },
  cProfile(file) {
    const code = `import cProfile, pstats, loop
loop.prepare()
profile = cProfile.Profile()
profile.runcall(loop.predictions)
for (name, line, function), (_, _, own, _, _) in pstats.Stats(profile).stats.items():
    print('%s\\t%s\\t%s\\t%s' % (name, line, function, own))`
    const found = rowsIn(run(python, ['-c', code], file)).filter(([name]) => !name.endsWith('loop.py'))
    const sorted = found.sort((a, b) => Number(b[3]) - Number(a[3]))
    const own = sorted.filter(([name]) => path.basename(name) === path.basename(file))
    return {
      lines: own.map(([, line]) => Number(line)),
      rows: sorted.map(([name, , says]) => `${says} ${name.split('/').slice(-2).join('/')}`),
    }
  },
}
const names = Object.keys(TOOLS)

/** Planted lines, with what is indented below those that begin a loop or a function: profilers give its time to the lines within. */
function withBodies(file, here) {
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  const depth = (line) => lines[line - 1]?.search(/\S/) ?? -1
  return here.flatMap((first) => {
    let end = first
    while (/:\s*(#.*)?$/.test(lines[first - 1]) && depth(end + 1) > depth(first)) end += 1
    return Array.from({ length: end - first + 1 }, (_, at) => first + at)
  })
}

/** Planted lines, with the `def` lines of the functions around them: cProfile has no others. */
function withFunctions(file, here) {
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  const depth = (line) => lines[line - 1].search(/\S/)
  const functions = here.flatMap((first) => {
    const found = []
    for (let [line, inner] = [first - 1, depth(first)]; line > 0 && inner > 0; line -= 1) {
      if (depth(line) < 0 || depth(line) >= inner) continue
      inner = depth(line)
      if (/^\s*(async )?def /.test(lines[line - 1])) found.push(line)
    }
    return found.slice(0, 1)
  })
  return [...here, ...functions]
}

/** Counted from 1; null: not among the first `most`. */
const placeOf = (some, most, is) => {
  const at = [...new Set(some)].slice(0, most).findIndex(is)
  return at < 0 ? null : at + 1
}

function placesOf(tool, file, { rule, here: planted }, words) {
  const { lines, rows } = TOOLS[tool](file)
  const here = tool === 'cProfile' ? withFunctions(file, planted) : planted
  return {
    line: placeOf(lines, LINES, (line) => here.includes(line)),
    cause: placeOf(rows, ROWS, (row) => (tool === 'whyslow' ? row === rule : words.test(row))),
    lines: [...new Set(lines)].slice(0, LINES),
    // Without folders of this machine.
    rows: [...new Set(rows)].slice(0, ROWS).map((row) => row.replaceAll(/(?:\/[\w.~-]+)+\//g, '…/')),
  }
}

const services = []
for (const [service, words] of Object.entries(WORDS)) {
  if (only.length > 0 && !only.some((word) => service.includes(word))) continue
  // The name of the planted file would say the cause.
  const file = path.join(folder, 'service.py')
  fs.copyFileSync(path.join(root, 'bench/planted-pipelines/python', `${service}.py`), file)
  const { rule, here } = readPlanted(file)
  const planted = { rule, here: withBodies(file, here) }
  run(python, ['loop.py'], file)
  const aloneS = takePredictionS()
  const row = { service }
  for (const tool of names) {
    try {
      row[tool] = placesOf(tool, file, planted, words)
      row[tool].times = takePredictionS() / aloneS
    } catch (error) {
      row[tool] = { failed: reasonOf(error).replaceAll(/(?:\/[\w.~-]+)+\//g, '…/') }
      console.log(`${service}, ${tool}: ${row[tool].failed}`)
    }
  }
  services.push(row)
  console.log(service, names.map((tool) => `${tool} ${row[tool].line ?? '–'} ${row[tool].cause ?? '–'}`).join(', '))
}

const WIDTH = 16
const cells = (some) => some.map((one) => one.padStart(WIDTH)).join('')
const both = ({ line, cause, failed }) => (failed ? 'failed' : `${line ?? '–'} ${String(cause ?? '–').padStart(6)}`)
const count = (tool, what, most) =>
  services.filter((row) => row[tool][what] !== undefined && row[tool][what] !== null && row[tool][what] <= most).length
const counts = (most) => names.map((tool) => `${count(tool, 'line', most)} ${String(count(tool, 'cause', most)).padStart(6)}`)
const slowdowns = Object.fromEntries(
  names.flatMap((tool) => {
    const times = services.map((row) => row[tool].times).filter((one) => Number.isFinite(one))
    return times.length > 0 ? [[tool, geometricMean(times)]] : []
  }),
)
const table = [
  `${''.padEnd(28)}${cells(names)}`,
  `${'place of the'.padEnd(28)}${cells(names.map(() => 'line  cause'))}`,
  ...services.map((row) => `${row.service.padEnd(28)}${cells(names.map((tool) => both(row[tool])))}`),
  `${`the first, of ${services.length}`.padEnd(28)}${cells(counts(1))}`,
  `${'shown at all'.padEnd(28)}${cells(counts(ROWS))}`,
  `${'a prediction takes'.padEnd(28)}${cells(names.map((tool) => (slowdowns[tool] ? `${slowdowns[tool].toFixed(2)}×` : '–')))}`,
  "cProfile's lines are functions: of it the def around a planted line counts.",
]
console.log(table.join('\n'))
const versions = run(
  python,
  [
    '-c',
    "import importlib.metadata as m, platform; print('Python', platform.python_version(), *('%s %s' % (n, m.version(n)) for n in ('scalene', 'py-spy', 'torch')))",
  ],
  '',
).trim()
await keepResult({ table, versions, serviceCount: services.length, slowdowns }, services)
