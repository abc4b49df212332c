// The command line: commands, options, their help. Bodies of commands are imported when one runs, so that help costs nothing.
import { Command, Option } from 'commander'
import { goals } from '../commands/choices.ts'
import type { CheckFlags } from './check.ts'
import type { CompareFlags } from './compare.ts'
import type { EnginesFlags } from './engines.ts'
import { examples } from './examples.ts'
import type { FixFlags } from './fix.ts'
import type { HistoryFlags } from './history.ts'
import type { LintFlags } from './lint.ts'
import type { MachineFlags } from './machine.ts'
import { assignments, batches, fraction, list, memorySize, positiveInteger, ratio, seconds, shapes } from './option-values.ts'
import type { QuantizeFlags } from './quantize.ts'
import type { Screen } from './screen.ts'
import { loadStages, type Surroundings } from './stages.ts'
import type { WhyFlags } from './why.ts'

export interface World {
  readonly version: string
  readonly screen: Screen
  /** Begins to listen for Ctrl-C. */
  interrupt(): AbortSignal
}

const levels = ['disabled', 'basic', 'extended', 'all'] as const

/** The program with all its commands; it throws commander's errors and those of the commands, and never exits. */
export function createProgram(world: World): Command {
  const program = plain(new Command('whyslow'))
    .version(world.version, '--version', 'the version')
    .helpCommand(false)
    .enablePositionalOptions()
  why(program, world)
  const commands = { fix, lint, compare, quantize, check, history, explain, engines, machine }
  for (const [name, describe] of Object.entries(commands)) describe(plain(program.command(name)), world)
  return program
}

const plain = (command: Command): Command =>
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false)
    .helpOption('-h, --help', 'this help')

/** Of a command that measures. */
const surroundings = (world: World): Surroundings => ({ screen: world.screen, signal: world.interrupt(), load: loadStages })

function why(command: Command, world: World): void {
  command
    .description('Measures a prediction of a model, says why it is slow, and what fixing it would save.')
    .argument('<model>', 'an ONNX model')
    .option('--json <file>', 'write the report document; - is standard output')
  addModelOptions(command)
  addSampling(command, 'three processes instead of five, no sweeps')
  command
    .option('--save', 'keep the result in the local history')
    .option('--save-evidence <file>', 'keep what was measured, for whyslow explain')
    .addHelpText('after', examples.why)
    .action(async (model: string, flags: WhyFlags) => {
      const { runWhy } = await import('./why.ts')
      await runWhy(model, flags, surroundings(world))
    })
}

function fix(command: Command, world: World): void {
  command
    .description('try the remedies, prove them, hand over a faster model')
    .argument('<model>', 'an ONNX model')
    .option('-o, --out <dir>', 'the folder to write')
    .option('--force', "replace a folder that is not whyslow's")
    .option('--for <goal>', `${goals.slice(0, -1).join(', ')} or ${goals.at(-1)}`, 'latency')
    .option('--budget <duration>', 'how long to search', seconds)
    .option('--only <ids>', 'remedies to try, separated by commas', list)
    .option('--engines <ids>', 'engines that may be shipped, separated by commas', list)
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
  addModelOptions(command)
  command.addHelpText('after', examples.fix).action(async (model: string, flags: FixFlags) => {
    const { runFix } = await import('./fix.ts')
    await runFix(model, flags, surroundings(world))
  })
}

function lint(command: Command, world: World): void {
  command
    .description('why is this quantized model not faster?')
    .argument('<model>', 'an ONNX model')
    .option('--repair', 'repair what can be repaired; kept only where it is proven')
    .option('-o, --out <file>', 'the repaired model to write')
    .option('--force', 'replace a file that exists')
    .option('--max-loss <x>', 'largest loss of outputs that a repair may cost', fraction)
    .option('--budget <duration>', 'how long to try repairs', seconds)
    .option('--json <file>', 'write the lint document; - is standard output')
  addModelOptions(command)
  command
    .option('--seconds <duration>', 'how long to measure', seconds)
    .addHelpText('after', examples.lint)
    .action(async (model: string, flags: LintFlags) => {
      const { runLint } = await import('./lint.ts')
      await runLint(model, flags, surroundings(world))
    })
}

function compare(command: Command, world: World): void {
  command
    .description('one model on several engines, or several models')
    .argument('<models...>', 'an ONNX model, or several')
    .option('--engines <ids>', 'engines to measure one model on, separated by commas', list)
    .option('--rounds <n>', 'fresh processes of each', positiveInteger)
    .option('--limit <duration>', 'how long one process may take', seconds)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--save', 'keep the results in the local history')
    .option('--json <file>', 'write the comparison document; - is standard output')
  addModelOptions(
    command,
    new Option('--batch <sizes>', 'samples in a prediction; several, separated by commas').argParser(batches),
  )
  addSampling(command, 'three rounds instead of five, no profile, no sweeps')
  command.addHelpText('after', examples.compare).action(async (models: string[], flags: CompareFlags) => {
    const { runCompare } = await import('./compare.ts')
    await runCompare(models, flags, surroundings(world))
  })
}

function quantize(command: Command, world: World): void {
  command
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
  addModelOptions(command)
  command.addHelpText('after', examples.quantize).action(async (model: string, flags: QuantizeFlags) => {
    const { runQuantize } = await import('./quantize.ts')
    await runQuantize(model, flags, surroundings(world))
  })
}

function check(command: Command, world: World): void {
  command
    .description('exit code 3 where a model is slower than its baseline')
    .argument('<model>', 'an ONNX model')
    .option('--baseline <model>', 'the model that it takes turns with')
    .option('--against <report>', 'or the report document of an earlier run')
    .addOption(new Option('--fail-above <ratio>', "its time over the baseline's").argParser(ratio).default(1.1))
    .option('--rounds <n>', 'most fresh processes of each', positiveInteger)
    .option('--allow-other-machine', 'take a report of another machine')
    .option('--json <file>', 'write the check document; - is standard output')
  addModelOptions(command)
  addSampling(command, 'three rounds at least instead of five')
  command.addHelpText('after', examples.check).action(async (model: string, flags: CheckFlags) => {
    const { runCheck } = await import('./check.ts')
    await runCheck(model, flags, surroundings(world))
  })
}

function history(command: Command, world: World): void {
  command
    .description('what --save kept: listed, compared, plotted')
    .argument('[model]', 'an ONNX model; all of them where it is left out')
    .option('--json <file>', 'write it as JSON; - is standard output')
    .addHelpText('after', examples.history)
    .action(async (model: string | undefined, flags: HistoryFlags) => {
      const { runHistory } = await import('./history.ts')
      await runHistory(model, flags, { screen: world.screen, load: loadStages })
    })
}

function explain(command: Command, world: World): void {
  command
    .description('diagnose again from saved evidence; no engine, nothing is measured')
    .argument('<evidence>', 'the file that --save-evidence wrote')
    .option('--json <file>', 'write the report document; - is standard output')
    .addHelpText('after', examples.explain)
    .action(async (file: string, flags: { json?: string }) => {
      const { runExplain } = await import('./explain.ts')
      await runExplain(file, flags, { screen: world.screen, load: loadStages })
    })
}

function engines(command: Command, world: World): void {
  command
    .description('what can run models here, what cannot, and how to get it')
    .option('--json <file>', 'write them as JSON; - is standard output')
    .option('--ort <path>', "the folder of an engine's package")
    .option('--browser <path>', 'the Chromium that browser engines are measured in')
    .option('--openvino <path>', "the folder of OpenVINO's libraries")
    .option('--python <path>', 'the Python whose packages engines are looked for in')
    .option('--no-progress', 'show no progress')
    .action(async (flags: EnginesFlags) => {
      const { runEngines } = await import('./engines.ts')
      await runEngines(flags, surroundings(world))
    })
}

function machine(command: Command, world: World): void {
  command
    .description('facts and measured roofs of this computer')
    .option('--json <file>', 'write them as JSON; - is standard output')
    .option('--refresh', 'measure the roofs again')
    .option('--threads <n>', 'thread count at which the roofs are measured', positiveInteger)
    .option('--ort <path>', 'the onnxruntime-node package whose kernels are used')
    .option('--no-progress', 'show no progress')
    .addHelpText('after', examples.machine)
    .action(async (flags: MachineFlags) => {
      const { runMachine } = await import('./machine.ts')
      await runMachine(flags, surroundings(world))
    })
}

function addSampling(command: Command, quick: string): void {
  command.option('--seconds <duration>', 'how long to measure', seconds).option('--quick', quick)
}

const oneBatch = () => new Option('--batch <n>', 'samples in a prediction').argParser(positiveInteger)

function addModelOptions(command: Command, batch: Option = oneBatch()): void {
  command
    .option('--shape <name=1x3x224x224>', "an input's shape (repeatable)", shapes)
    .option('--value <name=v>', "an input's value (repeatable)", assignments)
    .option('--data <path>', 'inputs: npz, npy, csv, json, wav, a folder of samples or pictures, a test_data_set folder')
    .option('--labels <name>', 'the array of --data that holds the labels')
    .addOption(batch)
    .option('--threads <n>', "the engine's threads", positiveInteger)
    .option('--engine <id>', 'what runs the model (default: ort-cpu)')
    .option('--ort <path>', "the engine's package to measure with")
    .option('--browser <path>', 'the Chromium that browser engines are measured in')
    .option('--openvino <path>', "the folder of OpenVINO's libraries")
    .option('--python <path>', 'the Python whose packages engines are looked for in')
    .addOption(new Option('--graph-optimization <level>', "the engine's graph optimization").choices(levels).default('all'))
    .option('--config <key=value>', "an entry of the engine's session configuration (repeatable)", assignments)
    .option('--save-inputs <dir>', 'keep the inputs that were used')
    .option('--no-cache', 'neither read nor write the cache of roofs')
    .option('--refresh', 'measure the roofs again')
    .option('--memory-limit <size>', 'end a measurement that takes more memory', memorySize)
    .option('--no-progress', 'show no progress')
}
