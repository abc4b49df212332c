// README.md of the folder: what it is, what was measured, how to use it. Short.
import path from 'node:path'
import { isVersion } from '@whyslow/graph/version.ts'
import type { InputDeclaration } from '@whyslow/measure/engines/types.ts'
import { LIBRARIES } from './libraries.ts'
import type { ShipPlan, ShippedResults } from './plan.ts'
import { arrayOf } from './predict-types.ts'
import { hasPythonModule, pythonExample } from './python-module.ts'

/** The page's text. */
export function readmeText(plan: ShipPlan): string {
  const { engine, setup, original } = plan
  const name = path.basename(original.file)
  const sections = [
    `# ${inline(name)}${plan.remedies.length > 0 ? ', faster' : ''}`,
    measuredText(plan),
    plan.changes.length > 0 && `What was changed:\n\n${plan.changes.map((change) => `- ${inline(change)}`).join('\n')}`,
    setup.machineBound && boundText(plan),
    preprocessingText(plan),
    engine.generated
      ? `## In Node\n\n${fenced('js', nodeLines(plan))}`
      : `## In Node\n\n${fenced('sh', ['npm install'])}\n\n${fenced('js', nodeLines(plan))}`,
    installText(plan),
    setup.options.reuseOutputs && 'The next prediction may overwrite the results: read or copy them before it.',
    workerText(plan),
    servingText(plan),
    engine.cut !== undefined && PARTS,
    hasPythonModule(plan) && pythonText(plan),
    plan.leavesPythonOut && `## In Python\n\n${inline(plan.inPython!)}.`,
    engine.library === undefined &&
      !engine.generated &&
      `## Telemetry\n\nonnxruntime sends usage data from Linux unless \`ORT_DISABLE_TELEMETRY=1\` is set before it is loaded. \`predict.mjs\`${hasPythonModule(plan) ? ' and `predict.py` set' : ' sets'} it unless you do.`,
    `## Contents\n\n\`manifest.json\` lists every file with its sha256, and where the model came from. \`report.json\`${plan.html === undefined ? '' : ' and `report.html`'} hold${plan.html === undefined ? 's' : ''} the measurements. Written by whyslow ${plan.toolVersion} on ${plan.createdAt.slice(0, 10)}.`,
  ]
  return `${sections.filter((section) => typeof section === 'string').join('\n\n')}\n`
}

const COMPILED_CODE = [
  'You need not install anything: the model is code (`compiled.mjs` and the files that it reads), and calls no engine. `predictNow()` is',
  '`predict()` without a promise. Without WebAssembly, plain JavaScript walks the same tables. A page can use the same files: call',
  '`openProgram(readProgram(text, bytes), module)` of `compiled.mjs` with the text of `model.json`, the bytes of `model.bin` and the module of',
  '`model.wasm`. No code is made from strings, so a content security policy needs only `wasm-unsafe-eval`, and nothing without WebAssembly.',
].join('\n')

const PARTS =
  '`model.onnx` is not the whole model: the part before it (`head.json`) or after it (`tail.json`) is code that `predict.mjs` and `predict.py`\nrun. Open the folder only with these.'

/** What `npm install` installs, and what it does not. */
function installText({ engine: { package: name, version, precision, library, generated }, inputs }: ShipPlan): string {
  if (generated) return COMPILED_CODE
  if (library === undefined)
    return `${name} is pinned to ${version}, the measured version. If its download of GPU libraries fails, install with\n\`ONNXRUNTIME_NODE_INSTALL=skip npm install\`.`
  const { name: runtime, calledBy, place } = library
  const { install, freeSizes } = LIBRARIES[runtime]
  const computes = precision === undefined ? runtime : `${runtime} in ${precision}`
  const measured = isVersion(version) ? `, measured with version ${version}` : ''
  const ways = install(version).map((way) => `\`${way}\``)
  return [
    `It predicts with ${computes}${measured}. \`npm install\` installs \`${calledBy.package}\`, which calls its library.`,
    `Install the library yourself: ${ways.join(', ')}, or give its folder in`,
    `the environment variable \`${place.variable}\`. \`load()\` looks there, in the active Python environment, in the Python on the path and`,
    "among the system's libraries, and says in one line what is missing.",
    ...(inputs.some(({ shape }) => shape?.some((size) => typeof size !== 'number') ?? true) ? ['', ...freeSizes] : []),
  ].join('\n')
}

function measuredText({ results, machine, remedies, original, setup }: ShipPlan): string {
  const from = `\`${inline(path.basename(original.file))}\` (sha256 ${original.sha256.slice(0, 12)}…)`
  if (remedies.length === 0) {
    const model = setup.model.source.format === 'onnx' ? 'the original model' : 'the original model, written as ONNX,'
    return `Nothing that was tried makes ${from} faster on ${inline(machine.cpu)}: this is ${model} with its original settings.`
  }
  const batch = setup.batchFactor === 1 ? '' : ` Samples in a prediction: ${setup.batchFactor} times as many as were given.`
  return [
    `Made from ${from} by ${remedies.join(', ')}. Measured on ${inline(machine.cpu)}:`,
    '',
    `**${ms(results.beforeMs)} to ${ms(results.afterMs)} ${results.per ?? 'per prediction'}**, ${ratioText(results)}, ${agreementText(results)}.${batch}`,
  ].join('\n')
}

function ratioText({ speedupLow, speedupHigh }: ShippedResults): string {
  return `${speedupLow.toFixed(2)} to ${speedupHigh.toFixed(2)} times as fast`
}

/** How the outputs compare with the original's on the same inputs. */
function agreementText({ agreement }: ShippedResults): string {
  if (agreement === null) return 'outputs not compared'
  if (agreement.metric !== null) {
    const { name, before, after } = agreement.metric
    return `${inline(name)} ${number(before)} before and ${number(after)} after`
  }
  if (agreement.maxAbs === 0) return 'outputs the same'
  const most = `outputs differ by at most ${number(agreement.maxAbs)}`
  if (agreement.equal || agreement.top1 === null) return most
  const share = `${number(agreement.top1 * 100)} %`
  const selects = agreement.selections?.some(({ alike }) => alike === agreement.top1) === true
  const said = selects
    ? `${most}, ${share} of the rows that are selected the same`
    : `${most}, same class in ${share} of the inputs`
  const { loss } = agreement
  return loss === undefined
    ? said
    : `${said} (of ${loss.rows} rows: with 95 % confidence in ${number((1 - loss.largest) * 100)} % of such inputs at least)`
}

function boundText({ machine }: ShipPlan): string {
  const sets = machine.isa.length === 0 ? '' : ` with ${machine.isa.join(', ')}`
  return `> **Bound to this kind of machine.** The weights are packed for ${inline(machine.cpu)}${sets}. Elsewhere the model may not load, or may be\n> slow: run whyslow there.`
}

function preprocessingText({ preprocessing }: ShipPlan): string | false {
  if (preprocessing === undefined) return false
  const steps = preprocessing.steps.map((step, index) => `${index + 1}. ${inline(step)}`).join('\n')
  return `The input \`${inline(preprocessing.input)}\` takes raw bytes. The model now does these steps, so your code must not:\n\n${steps}`
}

function workerText({ workerCostMs }: ShipPlan): string {
  const cost = workerCostMs === null ? 'What that costs was not measured.' : `That adds ${ms(workerCostMs)} to a prediction.`
  return `A prediction blocks the event loop. \`load({ worker: true })\` predicts in a separate thread; tensors are copied to it and back.\n${cost}`
}

function servingText({ serving, report }: ShipPlan): string {
  const held = report.fix?.serving
  const text = [
    `## As a server\n\n${fenced('sh', ['node serve.mjs --port 8000'])}\n`,
    'It answers the Open Inference Protocol over HTTP at `/v2/models/model/infer`, as Triton and KServe do, and needs nothing else',
    'installed; `node serve.mjs --help` has its options. For gRPC, run `npm install @grpc/grpc-js` here, and add `--grpc-port 8001`.',
  ]
  if (serving === undefined || held == null || held.best === null) return text.join('\n')
  const { found, why } = held.tried[held.best]!
  const { ratePerSecond } = found ?? { ratePerSecond: 0 }
  const rate = ratePerSecond >= 100 ? Math.round(ratePerSecond) : Number(ratePerSecond.toPrecision(3))
  const claim =
    found === null
      ? `which did best in short runs; no rate is known to hold ${inline(held.objective)} (${inline(why ?? '')}).`
      : `with which ${rate} requests/s ${why === null ? 'hold' : 'held'} ${inline(held.objective)} where it was measured${why === null ? '' : ` (${inline(why)})`}.`
  return [
    ...text,
    `It serves with \`serving\` of options.json, as \`npx whyslow serve .\` does, ${claim}`,
    ...(serving.queue === undefined
      ? []
      : [
          `If ${serving.queue} requests wait, it answers 503 to more, and 504 to those that waited longer than ${serving.deadlineMs} ms.`,
        ]),
  ].join('\n')
}

function nodeLines({ inputs, outputs, report }: ShipPlan): string[] {
  const fed = new Map(report.model?.inputs.map(({ name, shape }) => [name, shape]))
  const first = outputs.find(({ isTensor }) => isTensor)?.name
  return [
    "import { load } from './predict.mjs'",
    '',
    'const model = await load()',
    'const results = await model.predict({',
    ...inputs.map((input) => `  ${key(input.name)}: ${feedText(input, fed.get(input.name))},`),
    '})',
    first === undefined ? 'console.log(results)' : `console.log(results[${JSON.stringify(first)}].data)`,
    'await model.close()',
  ]
}

/** A tensor of the shape that was measured, else of the declared one with 1 if it is free. */
function feedText({ dtype, shape }: InputDeclaration, fed: readonly number[] | undefined): string {
  const dims = fed ?? shape?.map((size) => (typeof size === 'number' ? size : 1)) ?? []
  const count = dims.reduce((product, size) => product * size, 1)
  const array = arrayOf(dtype) ?? 'Uint8Array'
  const data = dtype === 'string' ? `new Array(${count}).fill('')` : `new ${array}(${count})`
  return `{ type: '${dtype}', data: ${data}, dims: [${dims.join(', ')}] }`
}

function pythonText(plan: ShipPlan): string {
  const name = path.basename(plan.out)
  return [
    `## In Python\n\n${inline(plan.inPython ?? 'Times and outputs were compared in Node, with the same options')}.\n\n${fenced('python', ['# pip install -r requirements.txt', ...pythonExample(plan)])}`,
    `\nRun this in the folder, or with the folder in \`sys.path\`. From its parent: \`from ${/^[a-z_]\w*$/i.test(name) ? name : 'fast'} import load\`, if Python can import that name. \`model(x)\``,
    'calls it like a PyTorch module, with tensors; `model.as_module()` is a `torch.nn.Module`.',
    ...(plan.engine.generated
      ? ['', 'No engine is called.', ...COMPILED_IN_PYTHON]
      : plan.engine.cut === undefined
        ? []
        : ['', ...COMPILED_IN_PYTHON]),
  ].join('\n')
}

const COMPILED_IN_PYTHON = [
  'The functions of its `.c` files are built by your C compiler (`cc`, `gcc`, `clang` or what `CC` names) when the folder is first opened, and kept in',
  '`__pycache__`; `wasmtime` runs the same functions as WebAssembly. The faster one in the proof predicts, for one row and for many',
  '(`backends` of options.json), else the compiled one. Without either, NumPy walks the same tables, with a warning. `model.backend` says which, and',
  "`load(backend='wasmtime')` chooses one. Sums of trees are the same bits in all of them and in Node;",
  'results of `exp` and similar functions, and sums of layers in NumPy, are the same up to rounding.',
]

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}

function fenced(language: string, lines: readonly string[]): string {
  return `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``
}

/** Text from outside in a line of Markdown: no line breaks, no markup. */
function inline(text: string): string {
  return text.replace(/\s+/g, ' ').replace(/[<>`*\\[\]]/g, (mark) => (mark === '`' ? "'" : `\\${mark}`))
}

function ms(timeMs: number): string {
  return timeMs < 1 ? `${Number((timeMs * 1000).toPrecision(3))} µs` : `${Number(timeMs.toPrecision(3))} ms`
}

function number(value: number): string {
  return String(Number(value.toPrecision(3)))
}
