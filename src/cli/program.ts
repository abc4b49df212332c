// The command line: commands, options, their help. Bodies of commands are imported when one runs, so that help costs nothing.
import { Command, Option } from 'commander'
import { goals } from '../commands/choices.ts'
import type { AbFlags } from './ab.ts'
import type { CheckFlags } from './check.ts'
import type { PipelineFlags } from './code/pipeline.ts'
import type { CompareFlags } from './compare.ts'
import type { ConvertFlags } from './convert.ts'
import type { DistillFlags } from './distill.ts'
import type { EnginesFlags } from './engines.ts'
import { examples } from './examples.ts'
import type { ExplainFlags } from './explain.ts'
import type { FixFlags } from './fix.ts'
import { agent, fleet, foretell, study } from './fleet/command.ts'
import type { HistoryFlags } from './history.ts'
import type { LintFlags } from './lint.ts'
import { load } from './load/command.ts'
import type { MachineFlags } from './machine.ts'
import { addModelOptions, addSampling, lockOption, severalBatches, signatureOption } from './options/model-options.ts'
import { fraction, list, memorySize, milliseconds, positiveInteger, ratio, seconds } from './options/option-values.ts'
import type { QuantizeFlags } from './quantize.ts'
import { serve } from './serve/command.ts'
import type { ViewFlags } from './view.ts'
import type { WhyFlags } from './why.ts'
import { stagesOf, surroundings, type World } from './world.ts'

export type { World }

/** The program with all its commands; it throws commander's errors and those of the commands, and never exits. */
export function createProgram(world: World): Command {
  const program = plain(new Command('whyslow'))
    .version(world.version, '--version', 'the version')
    .helpCommand(false)
    .enablePositionalOptions()
    .hook('preAction', (_, command) => {
      // To the lock of this process and of those that it starts.
      if (command.getOptionValue('lock') === false) process.env.WHYSLOW_LOCK = 'off'
    })
  why(program, world)
  const commands = {
    fix,
    lint,
    compare,
    pipeline,
    ab,
    quantize,
    convert,
    distill,
    load,
    serve,
    check,
    history,
    explain,
    view,
    fleet,
    agent,
    study,
    foretell,
    engines,
    machine,
  }
  for (const [name, describe] of Object.entries(commands)) describe(plain(program.command(name)), world)
  return program
}

const plain = (command: Command): Command =>
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false)
    .helpOption('-h, --help', 'this help')

function why(command: Command, world: World): void {
  command
    .description('Measures a prediction of a model, says why it is slow, and what fixing it would save.')
    .argument('<model>', 'a model: .onnx, .h5, .keras, .tflite, model.json')
    .option('--json <file>', 'write the report document; - is standard output')
    .option('--html <file>', 'write the report as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
  addModelOptions(command)
  addSampling(command, 'three processes instead of five, no sweeps')
  command
    .option('--open', 'show the page in a browser, with progress while it measures')
    .option('--roofline', 'draw the roofline in characters')
    .option('--save', 'keep the result in the local history')
    .option('--save-evidence <file>', 'keep what was measured, for whyslow explain')
    .option('--save-trace <file>', 'the profile as a trace that Perfetto and speedscope open')
    .addHelpText('after', examples.why)
    .action(async (model: string, flags: WhyFlags) => {
      const { runWhy } = await import('./why.ts')
      await runWhy(model, flags, surroundings(world))
    })
}

function fix(command: Command, world: World): void {
  command
    .description('try the remedies, prove them, hand over a faster model')
    .argument('<model>', 'a model of any format that is read')
    .option('-o, --out <dir>', 'the folder to write')
    .option('--force', "replace a folder that is not whyslow's")
    .option('--for <goal>', `${goals.join(', ')} or slo`, 'latency')
    .option('--slo <objective>', "with --for slo: what the server holds, as in 'p99<20ms'")
    .option('--budget <duration>', 'how long to search; with --for slo the server takes four times that on top', seconds)
    .option('--only <ids>', 'remedies to try, separated by commas', list)
    .option('--engines <ids>', 'engines that may be shipped, separated by commas', list)
    .option('--dry-run', 'name what would be tried; try nothing')
    .option('--max-loss <x>', 'allow approximate remedies up to this loss', fraction)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--require <2x>', 'the speed-up that must be proven: the lower end of its interval', ratio)
    .option('--fix-shapes', 'symbolic dimensions may be fixed to the shapes used')
    .option('--outputs <names>', 'the only outputs to keep, separated by commas', list)
    .option('--normalize <mean,std>', 'move this normalization into the model; or imagenet')
    .option('--layout <nhwc>', 'pictures are handed in with channels last')
    .option('--dtype <uint8>', 'pictures are handed in as bytes')
    .option('--resize <HxW>', 'pictures are handed in at this size; or free')
    .option('--picture <input>', 'the input that takes the pictures')
    .option('--json <file>', 'write the report document; - is standard output')
    .option('--html <file>', 'write the report as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
  addModelOptions(command)
  command.addHelpText('after', examples.fix).action(async (model: string, flags: FixFlags) => {
    const { runFix } = await import('./fix.ts')
    await runFix(model, flags, surroundings(world))
  })
}

function lint(command: Command, world: World): void {
  command
    .description('why is this quantized model not faster?')
    .argument('<model>', 'a model of any format that is read')
    .option('--repair', 'repair what can be repaired; kept only where it is proven')
    .option('-o, --out <file>', 'the repaired model to write')
    .option('--force', 'replace a file that exists')
    .option('--max-loss <x>', 'largest loss of outputs that a repair may cost', fraction)
    .option('--budget <duration>', 'how long to try repairs', seconds)
    .option('--json <file>', 'write the lint document; - is standard output')
    .option('--html <file>', 'write the result as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
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
    .argument('<models...>', 'a model, or several')
    .option('--engines <ids>', 'engines to measure one model on, separated by commas', list)
    .option('--rounds <n>', 'fresh processes of each', positiveInteger)
    .option('--limit <duration>', 'how long one process may take', seconds)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--save', 'keep the results in the local history')
    .option('--json <file>', 'write the comparison document; - is standard output')
    .option('--html <file>', 'write the comparison as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
  addModelOptions(command, severalBatches())
  addSampling(command, 'three rounds instead of five, no profile, no sweeps')
  command.addHelpText('after', examples.compare).action(async (models: string[], flags: CompareFlags) => {
    const { runCompare } = await import('./compare.ts')
    await runCompare(models, flags, surroundings(world))
  })
}

function pipeline(command: Command, world: World): void {
  command
    .description('your own code around the model: stages, hot lines, what is slow in it')
    .argument('<file...>', 'a module with stages, or a script and its arguments: .mjs .js .ts .py')
    .option('--data <path>', 'samples: json, jsonl, csv, txt, npy, npz, a folder of files')
    .option('--call <function>', 'the function to call: name, or module:name')
    .option('--python <path>', 'the interpreter, or its environment')
    .option('--seconds <duration>', 'how long to predict in each process', seconds)
    .option('--quick', 'one timed process in place of three, shorter')
    .option('--limit <duration>', 'without a sign of life for so long it hangs', seconds)
    .option('--memory-limit <size>', 'end a process that takes more memory', memorySize)
    .option('--imports', 'time each import')
    .option('--no-inner', 'leave the model that predict runs unmeasured')
    .option('--explain-gap', 'why is the app slower than a benchmark? one difference at a time')
    .option('--save-profile <file>', 'write the stacks: .speedscope.json, or collapsed as .txt')
    .option('--json <file>', 'write the report document; - is standard output')
    .option('--html <file>', 'write the report as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .option('--open', 'show the page in a browser, with progress while it measures')
    .addOption(lockOption())
    .option('--no-progress', 'show no progress')
    .addHelpText('after', examples.pipeline)
    .action(async ([file, ...given]: string[], flags: PipelineFlags) => {
      const { runPipeline } = await import('./code/pipeline.ts')
      await runPipeline(file!, { ...flags, arguments: given }, surroundings(world))
    })
}

function ab(command: Command, world: World): void {
  command
    .description('two implementations: same results? which is faster?')
    .argument('<first>', 'a program: .py, .mjs, .js, or file.py:function')
    .argument('<second>', 'the other one')
    .option('--data <path>', 'samples for both: npz, npy, json, jsonl, csv, txt, a folder of files')
    .option('--call <function>', 'the function to call in both, in place of predict')
    .option('--python <path>', 'the interpreter, or its environment')
    .option('--pairs <n>', 'pairs of fresh processes', positiveInteger)
    .option('--quick', 'five pairs instead of eight, shorter ones')
    .option('--tolerance <x>', 'relative difference of numbers that is rounding', fraction)
    .option('--limit <duration>', 'how long one answer of a program may take', seconds)
    .option('--json <file>', 'write the ab document; - is standard output')
    .option('--html <file>', 'write the result as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .addOption(lockOption())
    .option('--no-progress', 'show no progress')
    .addHelpText('after', examples.ab)
    .action(async (first: string, second: string, flags: AbFlags) => {
      const { runAb } = await import('./ab.ts')
      await runAb(first, second, flags, surroundings(world))
    })
}

function quantize(command: Command, world: World): void {
  command
    .description('fewer bits where they are measured to pay, proven like a fix')
    .argument('<model>', 'a model of any format that is read')
    .option('-o, --out <path>', 'the folder to write, or name.onnx or name.tflite for the model alone')
    .option('--force', 'replace what stands there')
    .option('--method <name>', 'dynamic, static, weights or float16; all that pay')
    .option('--bits <n>', 'of weights alone: 8 or 4; what is faster')
    .option('--calibration <name>', 'minmax, moving-average, percentile, entropy or mse')
    .option('--allow-synthetic', 'static int8 may take its ranges from made-up inputs')
    .option('--max-loss <x>', 'largest loss of the outputs', fraction)
    .option('--metric <name>', 'accuracy, mse or mae, for labelled --data')
    .option('--budget <duration>', 'how long to judge', seconds)
    .option('--require <2x>', 'the speed-up that must be proven: the lower end of its interval', ratio)
    .option('--json <file>', 'write the report document; - is standard output')
    .option('--html <file>', 'write the report as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
  addModelOptions(command)
  command.addHelpText('after', examples.quantize).action(async (model: string, flags: QuantizeFlags) => {
    const { runQuantize } = await import('./quantize.ts')
    await runQuantize(model, flags, surroundings(world))
  })
}

function convert(command: Command, world: World): void {
  command
    .description('the model in another format; nothing is measured')
    .argument('<model>', 'a model of any format that is read')
    .option('-o, --out <file>', 'the file to write: name.onnx, name.tflite or model.json')
    .option('--force', 'replace a file that exists')
    .option('--allow-rounding', 'a tabular model of doubles as float32, for engines that know no other')
    .option('--data <file>', 'rows on which what rounding changes is counted')
    .option('--labels <name>', 'the labels in them')
    .addOption(signatureOption())
    .option('--json <file>', 'write the convert document; - is standard output')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .addHelpText('after', examples.convert)
    .action(async (model: string, flags: ConvertFlags) => {
      const { runConvert } = await import('./convert.ts')
      await runConvert(model, flags, surroundings(world))
    })
}

function distill(command: Command, world: World): void {
  command
    .description('a simpler model of trees or layers that predicts nearly the same')
    .argument('<model>', 'trees, a linear model or a small network')
    .option('--data <file>', 'rows, labelled where possible, that the model was not trained on')
    .option('--labels <name>', 'the column or array of --data with the labels')
    .option('-o, --out <folder>', 'the folder to write: predict.mjs without an engine')
    .option('--force', 'replace a folder that is not from whyslow')
    .option('--max-loss <x>', 'largest drop of the metric (0.01)', fraction)
    .option('--json <file>', 'write the distill document; - is standard output')
    .option('--html <file>', 'write the result as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .option('--no-progress', 'print no progress')
    .addHelpText('after', examples.distill)
    .action(async (model: string, flags: DistillFlags) => {
      const { runDistill } = await import('./distill.ts')
      await runDistill(model, flags, surroundings(world))
    })
}

function check(command: Command, world: World): void {
  command
    .description('exit code 3 where a model is slower than its baseline')
    .argument('<model>', 'a model of any format that is read')
    .option('--baseline <model>', 'the model that it takes turns with')
    .option('--against <report>', 'or the report document of an earlier run, or a store')
    .addOption(new Option('--fail-above <ratio>', "its time over the baseline's").argParser(ratio).default(1.1))
    .option('--rounds <n>', 'most fresh processes of each', positiveInteger)
    .option('--allow-other-machine', 'take a report of another machine')
    .option('--json <file>', 'write the check document; - is standard output')
    .option('--markdown', 'print it as Markdown, for a pull request')
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
    .argument('[model]', 'a model; all of them where it is left out')
    .option('--store <where>', 'of a fleet: a SQLite file or a PostgreSQL')
    .option('--csv <file>', 'write the table as CSV, a line a trial')
    .option('--parquet <file>', 'the same as Parquet')
    .option('--json <file>', 'write it as JSON; - is standard output')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .addHelpText('after', examples.history)
    .action(async (model: string | undefined, flags: HistoryFlags) => {
      const { runHistory } = await import('./history.ts')
      await runHistory(model, flags, { screen: world.screen, load: stagesOf(world) })
    })
}

function explain(command: Command, world: World): void {
  command
    .description('diagnose again from saved evidence or from a trace; no engine, nothing is measured')
    .argument(
      '<files...>',
      "what --save-evidence wrote; or a trace: of PyTorch, TensorFlow, JAX, ONNX Runtime, Chrome's; or two traces",
    )
    .option('--latency <duration>', 'of a trace: an unprofiled latency, to turn shares into times', milliseconds)
    .option('--machine <file>', 'of a trace: what whyslow machine --json wrote where it was recorded, for floors')
    .option('--model <file>', 'of a trace: the model that was recorded; its nodes are joined with the operators')
    .option('--here <file>', 'with --model: what whyslow MODEL --json wrote on this machine, to stand beside')
    .option('--roofline', 'of evidence: draw the roofline in characters')
    .option('--json <file>', 'write the report document; - is standard output')
    .option('--html <file>', 'write the report as a page: one file, opens anywhere')
    .option('--markdown', 'print it as Markdown, for a pull request')
    .addHelpText('after', examples.explain)
    .action(async (files: string[], flags: ExplainFlags) => {
      const { runExplain } = await import('./explain.ts')
      await runExplain(files, flags, { screen: world.screen, load: stagesOf(world) })
    })
}

function view(command: Command, world: World): void {
  command
    .description('the page of a report, or two beside each other, on this machine alone')
    .argument('<reports...>', 'a report document that --json wrote, or two')
    .option('--port <n>', 'the port to listen on; any that is free', positiveInteger)
    .option('--no-open', 'open no browser')
    .addHelpText('after', examples.view)
    .action(async (reports: string[], flags: ViewFlags) => {
      const { runView } = await import('./view.ts')
      await runView(reports, flags, { screen: world.screen, signal: world.interrupt() })
    })
}

function engines(command: Command, world: World): void {
  command
    .description('what can run models here, what cannot, and how to get it')
    .option('--json <file>', 'write them as JSON; - is standard output')
    .option('--ort <path>', "the folder of an engine's package")
    .option('--browser <path>', 'the Chromium that browser engines are measured in')
    .option('--openvino <path>', "the folder of OpenVINO's libraries")
    .option('--litert <path>', "the folder of LiteRT's library")
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
    .addOption(lockOption())
    .option('--no-progress', 'show no progress')
    .addHelpText('after', examples.machine)
    .action(async (flags: MachineFlags) => {
      const { runMachine } = await import('./machine.ts')
      await runMachine(flags, surroundings(world))
    })
}
