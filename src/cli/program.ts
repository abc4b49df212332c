// The command line: commands, options, their help. Bodies of commands are imported when one runs, so that help costs nothing.
import { Command, InvalidArgumentError, Option } from 'commander'
import type { CheckFlags } from './check.ts'
import type { CompareFlags } from './compare.ts'
import { parseDuration } from './duration.ts'
import type { EnginesFlags } from './engines.ts'
import type { FixFlags } from './fix.ts'
import type { HistoryFlags } from './history.ts'
import type { LintFlags } from './lint.ts'
import type { MachineFlags } from './machine.ts'
import type { QuantizeFlags } from './quantize.ts'
import type { Screen } from './screen.ts'
import { parseAssignment, parseShape } from './shape-flag.ts'
import { parseSize } from './size.ts'
import { loadStages } from './stages.ts'
import type { WhyFlags } from './why.ts'

export interface World {
  readonly version: string
  readonly screen: Screen
  /** Begins to listen for Ctrl-C. */
  interrupt(): AbortSignal
}

const levels = ['disabled', 'basic', 'extended', 'all'] as const

const whyExamples = `
Examples:
  whyslow model.onnx                                 the answer
  whyslow model.onnx --quick                         a first one, without sweeps
  whyslow model.onnx --json report.json              also as a report document
  whyslow model.onnx --shape x=1x3x640x640 --threads 2
  whyslow model.onnx --data inputs.npz --seconds 10  with your own inputs
  whyslow model.onnx --value sr=16000 --save-inputs dir/
  whyslow explain evidence.json                      diagnose again
  whyslow fix model.onnx -o fast/                    try the remedies
  whyslow lint quantized.onnx                        why int8 is not faster
  whyslow quantize model.onnx -o fast/ --data dir/   fewer bits where they pay
  whyslow engines                                    what else can run it here
  whyslow machine                                    this computer and its roofs

Durations: 10, 10s, 2m, 500ms, 1h. Sizes: 512m, 2g.
Exit codes: 0 answered, 1 a bug in whyslow, 2 input or arguments cannot be used,
3 a stated goal was not met, 130 interrupted.`

const fixExamples = `
Examples:
  whyslow fix model.onnx -o fast/                    outputs stay equal up to rounding
  whyslow fix model.onnx -o fast/ --data ./samples --max-loss 0.01
  whyslow fix model.onnx --only thread-count,spinning --dry-run
  whyslow fix model.onnx -o fast/ --for throughput --budget 5m
  whyslow fix model.onnx -o fast/ --require 2x       exit code 3 when not reached
  whyslow fix model.onnx -o fast/ --dtype uint8 --layout nhwc --normalize imagenet

--max-loss: largest drop of the metric where labels are given, else of top-1
agreement from 1, else of the worst output's cosine from 1.`

const lintExamples = `
Examples:
  whyslow lint quantized.onnx                        what runs in int8, what not
  whyslow lint quantized.onnx --data inputs.npz --threads 2
  whyslow lint quantized.onnx --repair -o mended.onnx --data ./samples
  whyslow lint quantized.onnx --json lint.json       also as a document`

const compareExamples = `
Examples:
  whyslow compare model.onnx                         every engine that is here
  whyslow compare model.onnx --engines ort-cpu --batch 1,8,32
  whyslow compare a.onnx b.onnx c.onnx --data labelled.npz
  whyslow compare a.onnx b.onnx --json comparison.json

Contestants take turns in fresh processes. One that fails is a row with the
reason; the others are still measured.`

const quantizeExamples = `
Examples:
  whyslow quantize model.onnx -o fast/ --data ./samples
  whyslow quantize model.onnx -o fast.onnx --method dynamic
  whyslow quantize model.onnx -o fast/ --method weights --bits 4
  whyslow quantize model.onnx -o fast/ --data labelled.npz --max-loss 0.01

Without --max-loss: one decision in a hundred may change, and no output's
cosine falls below 0.995; with labels the metric may lose 0.01.`

const checkExamples = `
Examples:
  whyslow check model.onnx --baseline base.onnx --fail-above 1.1
  whyslow check model.onnx --against report.json --allow-other-machine

Exit code 3 where the interval of the ratio lies above --fail-above. A baseline
model takes turns with the other; a report is of this machine, or it is refused.`

const historyExamples = `
Examples:
  whyslow model.onnx --save                          keep what was measured
  whyslow history                                    every model
  whyslow history model.onnx                         one, with a plot
  whyslow history --json -                           as JSON`

const explainExamples = `
Examples:
  whyslow model.onnx --save-evidence evidence.json   where it is slow
  whyslow explain evidence.json                      anywhere, with no engine
  whyslow explain evidence.json --json -             as a report document`

const machineExamples = `
Examples:
  whyslow machine                                    from the cache, if known
  whyslow machine --refresh --threads 4              measured again, 4 threads
  whyslow machine --json -                           as JSON`

/** The program with all its commands; it throws commander's errors and those of the commands, and never exits. */
export function createProgram(world: World): Command {
  const program = new Command('whyslow')
  const plain = (command: Command) =>
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .showSuggestionAfterError(false)
      .helpOption('-h, --help', 'this help')
  plain(program)
    .description('Measures a prediction of a model, says why it is slow, and what fixing it would save.')
    .version(world.version, '--version', 'the version')
    .helpCommand(false)
    .enablePositionalOptions()
    .argument('<model>', 'an ONNX model')
  addWhyOptions(program)
  program.addHelpText('after', whyExamples)
  program.action(async (model: string, flags: WhyFlags) => {
    const { runWhy } = await import('./why.ts')
    await runWhy(model, flags, world.screen, world.interrupt(), loadStages)
  })

  const fix = plain(program.command('fix'))
    .description('try the remedies, prove them, hand over a faster model')
    .argument('<model>', 'an ONNX model')
    .option('-o, --out <dir>', 'the folder to write')
    .option('--force', "replace a folder that is not whyslow's")
    .option('--for <goal>', 'latency, throughput, load-time, memory or size', 'latency')
    .option('--budget <duration>', 'how long to search', seconds)
    .option('--only <ids>', 'remedies to try, separated by commas', list)
    .option('--dry-run', 'name what would be tried; try nothing')
    .option('--max-loss <x>', 'allow approximate remedies up to this loss', fraction)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--require <2x>', 'the speed-up that must be reached', ratio)
    .option('--fix-shapes', 'symbolic dimensions may be fixed to the shapes used')
    .option('--outputs <names>', 'the only outputs to keep, separated by commas', list)
    .option('--normalize <mean,std>', 'move this normalization into the model; or imagenet')
    .option('--layout <nhwc>', 'pictures are handed in with channels last')
    .option('--dtype <uint8>', 'pictures are handed in as bytes')
    .option('--resize <HxW>', 'pictures are handed in at this size; or free')
    .option('--picture <input>', 'the input that takes the pictures')
    .option('--json <file>', 'write the report document; - is standard output')
  addModelOptions(fix)
  fix.addHelpText('after', fixExamples).action(async (model: string, flags: FixFlags) => {
    const { runFix } = await import('./fix.ts')
    await runFix(model, flags, world.screen, world.interrupt(), loadStages)
  })

  const lint = plain(program.command('lint'))
    .description('why is this quantized model not faster?')
    .argument('<model>', 'an ONNX model')
    .option('--repair', 'mend what can be mended; kept only where it is proven')
    .option('-o, --out <file>', 'the mended model to write')
    .option('--force', 'replace a file that exists')
    .option('--max-loss <x>', 'largest loss of outputs that a mend may cost', fraction)
    .option('--budget <duration>', 'how long to try mends', seconds)
    .option('--json <file>', 'write the lint document; - is standard output')
  addModelOptions(lint)
  lint
    .option('--seconds <duration>', 'how long to measure', seconds)
    .addHelpText('after', lintExamples)
    .action(async (model: string, flags: LintFlags) => {
      const { runLint } = await import('./lint.ts')
      await runLint(model, flags, world.screen, world.interrupt(), loadStages)
    })

  const compare = plain(program.command('compare'))
    .description('one model on several engines, or several models')
    .argument('<models...>', 'an ONNX model, or several')
    .option('--engines <ids>', 'engines to measure one model on, separated by commas', list)
    .option('--rounds <n>', 'fresh processes of each', positiveInteger)
    .option('--limit <duration>', 'how long one process may take', seconds)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--save', 'keep the results in the local history')
    .option('--json <file>', 'write the comparison document; - is standard output')
  addModelOptions(
    compare,
    new Option('--batch <sizes>', 'samples in a prediction; several, separated by commas').argParser(batches),
  )
  addSampling(compare, 'three rounds instead of five, no profile, no sweeps')
  compare.addHelpText('after', compareExamples).action(async (models: string[], flags: CompareFlags) => {
    const { runCompare } = await import('./compare.ts')
    await runCompare(models, flags, world.screen, world.interrupt(), loadStages)
  })

  const quantize = plain(program.command('quantize'))
    .description('fewer bits where they are measured to pay, proven like a fix')
    .argument('<model>', 'an ONNX model')
    .option('-o, --out <path>', 'the folder to write, or name.onnx for the model alone')
    .option('--force', 'replace what stands there')
    .option('--method <name>', 'dynamic, static, weights or float16; all that pay')
    .option('--bits <n>', 'of weights alone: 8 or 4; what is faster')
    .option('--calibration <name>', 'minmax, moving-average, percentile, entropy or mse')
    .option('--allow-synthetic', 'static int8 may take its ranges from made-up inputs')
    .option('--max-loss <x>', 'largest loss of the outputs', fraction)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--budget <duration>', 'how long to judge', seconds)
    .option('--require <2x>', 'the speed-up that must be reached', ratio)
    .option('--json <file>', 'write the report document; - is standard output')
  addModelOptions(quantize)
  quantize.addHelpText('after', quantizeExamples).action(async (model: string, flags: QuantizeFlags) => {
    const { runQuantize } = await import('./quantize.ts')
    await runQuantize(model, flags, world.screen, world.interrupt(), loadStages)
  })

  const check = plain(program.command('check'))
    .description('exit code 3 where a model is slower than its baseline')
    .argument('<model>', 'an ONNX model')
    .option('--baseline <model>', 'the model that it takes turns with')
    .option('--against <report>', 'or the report document of an earlier run')
    .addOption(new Option('--fail-above <ratio>', "its time over the baseline's").argParser(ratio).default(1.1))
    .option('--rounds <n>', 'most fresh processes of each', positiveInteger)
    .option('--allow-other-machine', 'take a report of another machine')
    .option('--json <file>', 'write the check document; - is standard output')
  addModelOptions(check)
  addSampling(check, 'three rounds at least instead of five')
  check.addHelpText('after', checkExamples).action(async (model: string, flags: CheckFlags) => {
    const { runCheck } = await import('./check.ts')
    await runCheck(model, flags, world.screen, world.interrupt(), loadStages)
  })

  plain(program.command('history'))
    .description('what --save kept: listed, compared, plotted')
    .argument('[model]', 'an ONNX model; all of them where it is left out')
    .option('--json <file>', 'write it as JSON; - is standard output')
    .addHelpText('after', historyExamples)
    .action(async (model: string | undefined, flags: HistoryFlags) => {
      const { runHistory } = await import('./history.ts')
      await runHistory(model, flags, world.screen, loadStages)
    })

  plain(program.command('explain'))
    .description('diagnose again from saved evidence; no engine, nothing is measured')
    .argument('<evidence>', 'the file that --save-evidence wrote')
    .option('--json <file>', 'write the report document; - is standard output')
    .addHelpText('after', explainExamples)
    .action(async (file: string, flags: { json?: string }) => {
      const { runExplain } = await import('./explain.ts')
      await runExplain(file, flags, world.screen, loadStages)
    })

  plain(program.command('engines'))
    .description('what can run models here, what cannot, and how to get it')
    .option('--json <file>', 'write them as JSON; - is standard output')
    .option('--ort <path>', "the folder of an engine's package")
    .option('--browser <path>', 'the Chromium that browser engines are measured in')
    .option('--no-progress', 'show no progress')
    .action(async (flags: EnginesFlags) => {
      const { runEngines } = await import('./engines.ts')
      await runEngines(flags, world.screen, world.interrupt(), loadStages)
    })

  plain(program.command('machine'))
    .description('facts and measured roofs of this computer')
    .option('--json <file>', 'write them as JSON; - is standard output')
    .option('--refresh', 'measure the roofs again')
    .option('--threads <n>', 'thread count at which the roofs are measured', positiveInteger)
    .option('--ort <path>', 'the onnxruntime-node package whose kernels are used')
    .option('--no-progress', 'show no progress')
    .addHelpText('after', machineExamples)
    .action(async (flags: MachineFlags) => {
      const { runMachine } = await import('./machine.ts')
      await runMachine(flags, world.screen, world.interrupt(), loadStages)
    })
  return program
}

function addWhyOptions(program: Command): void {
  program.option('--json <file>', 'write the report document; - is standard output')
  addModelOptions(program)
  addSampling(program, 'three processes instead of five, no sweeps')
  program.option('--save', 'keep the result in the local history')
  program.option('--save-evidence <file>', 'keep what was measured, for whyslow explain')
}

function addSampling(command: Command, quick: string): void {
  command.option('--seconds <duration>', 'how long to measure', seconds).option('--quick', quick)
}

const oneBatch = () => new Option('--batch <n>', 'samples in a prediction').argParser(positiveInteger)

function addModelOptions(command: Command, batch: Option = oneBatch()): void {
  command
    .option('--shape <name=1x3x224x224>', "an input's shape (repeatable)", shapes)
    .option('--value <name=v>', "an input's value (repeatable)", assignments)
    .option('--data <path>', 'inputs: npz, npy, csv, json, a folder of samples, a test_data_set folder')
    .option('--labels <name>', 'the array of --data that holds the labels')
    .addOption(batch)
    .option('--threads <n>', "the engine's threads", positiveInteger)
    .option('--engine <id>', 'what runs the model', 'ort-cpu')
    .option('--ort <path>', "the engine's package to measure with")
    .option('--browser <path>', 'the Chromium that browser engines are measured in')
    .addOption(new Option('--graph-optimization <level>', "the engine's graph optimization").choices(levels).default('all'))
    .option('--config <key=value>', "an entry of the engine's session configuration (repeatable)", assignments)
    .option('--save-inputs <dir>', 'keep the inputs that were used')
    .option('--no-cache', 'neither read nor write the cache of roofs')
    .option('--refresh', 'measure the roofs again')
    .option('--memory-limit <size>', 'end a measurement that takes more memory', memorySize)
    .option('--no-progress', 'show no progress')
}

function positiveInteger(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw new InvalidArgumentError('Give a whole number above 0, as in 4.')
  return value
}

function seconds(text: string): number {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('Give a duration: 10, 10s, 2m, 500ms or 1h.')
  return ms / 1000
}

function list(text: string): string[] {
  const words = text.split(',').map((word) => word.trim())
  if (words.some((word) => word === '')) throw new InvalidArgumentError('Give names separated by commas.')
  return words
}

function batches(text: string): number[] {
  return list(text).map(positiveInteger)
}

function fraction(text: string): number {
  const value = Number(text)
  if (!/^\d*\.?\d+$/.test(text) || !(value >= 0)) throw new InvalidArgumentError('Give a number such as 0.01.')
  return value
}

function ratio(text: string): number {
  const value = Number(/^(\d*\.?\d+)x?$/i.exec(text)?.[1])
  if (!(value > 0)) throw new InvalidArgumentError('Give a factor such as 2x or 1.5x.')
  return value
}

function memorySize(text: string): number {
  const bytes = parseSize(text)
  if (bytes === undefined) throw new InvalidArgumentError('Give a size: 512m, 2g or a number of bytes.')
  return bytes
}

function shapes(text: string, before: ReadonlyMap<string, readonly number[]> = new Map()): Map<string, readonly number[]> {
  const parsed = parseShape(text)
  if (parsed === undefined) throw new InvalidArgumentError('Give a name and whole numbers, as in x=1x3x224x224.')
  return withEntry(before, parsed.name, parsed.shape)
}

function assignments(text: string, before: ReadonlyMap<string, string> = new Map()): Map<string, string> {
  const parsed = parseAssignment(text)
  if (parsed === undefined) throw new InvalidArgumentError('Give a name and a value, as in sr=16000.')
  return withEntry(before, parsed.name, parsed.value)
}

function withEntry<T>(before: ReadonlyMap<string, T>, name: string, value: T): Map<string, T> {
  if (before.has(name)) throw new InvalidArgumentError(`'${name}' is given twice.`)
  return new Map([...before, [name, value]])
}
