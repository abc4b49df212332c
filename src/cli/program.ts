// The command line: commands, options, their help. Bodies of commands are imported when one runs, so that help costs nothing.
import { Argument, Command } from 'commander'
import { examples } from './examples.ts'
import { commanderOption, formerOptions } from './options/flag.ts'
import { type CommandName, type FlagsOf, flags } from './options/flags.ts'
import { stagesOf, surroundings, type World } from './world.ts'

export type { World }

/** One command: what it is for, its arguments with what they are, and what it does with them. */
interface Described<N extends CommandName> {
  readonly about: string
  readonly takes?: readonly (readonly [words: string, help: string, choices?: readonly string[]])[]
  /** `given`: a text for each argument, or texts where it takes several. */
  run(flags: FlagsOf<N>, world: World, ...given: never[]): Promise<void>
}

const ANY = 'a model of any format that is read'
const reading = (world: World) => ({ screen: world.screen, load: stagesOf(world) })

const commands: { readonly [N in CommandName]: Described<N> } = {
  why: {
    about: 'Measures a prediction of a model, says why it is slow, and what fixing it would save.',
    takes: [['<model>', 'a model: .onnx, .h5, .keras, .tflite, model.json']],
    run: async (flags, world, model) => (await import('./why.ts')).runWhy(model, flags, surroundings(world)),
  },
  fix: {
    about: 'try remedies, prove them, write a faster model',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./fix.ts')).runFix(model, flags, surroundings(world)),
  },
  lint: {
    about: 'why is this quantized model not faster?',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./lint.ts')).runLint(model, flags, surroundings(world)),
  },
  compare: {
    about: 'one model on several engines, or several models',
    takes: [['<models...>', 'a model, or several']],
    run: async (flags, world, models) => (await import('./compare.ts')).runCompare(models, flags, surroundings(world)),
  },
  pipeline: {
    about: 'your own code around the model: stages, hot lines, what is slow in it',
    takes: [['<file...>', 'a module with stages, or a script and its arguments: .mjs .js .ts .py']],
    run: async (flags, world, files) => (await import('./code/pipeline.ts')).runPipeline(files, flags, surroundings(world)),
  },
  ab: {
    about: 'two implementations: same results? which is faster?',
    takes: [
      ['<first>', 'a program: .py, .mjs, .js, or file.py:function'],
      ['<second>', 'the other one'],
    ],
    run: async (flags, world, first, second) => (await import('./ab.ts')).runAb(first, second, flags, surroundings(world)),
  },
  quantize: {
    about: 'fewer bits where that is measured to pay, proven like a fix',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./quantize.ts')).runQuantize(model, flags, surroundings(world)),
  },
  convert: {
    about: 'the model in another format; nothing is measured',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./convert.ts')).runConvert(model, flags, surroundings(world)),
  },
  distill: {
    about: 'a simpler model of trees or layers that predicts nearly the same',
    takes: [['<model>', 'trees, a linear model or a small network']],
    run: async (flags, world, model) => (await import('./distill.ts')).runDistill(model, flags, surroundings(world)),
  },
  load: {
    about: 'predictions under load: latency, what it is made of, the most that holds',
    takes: [['<target>', 'a model, a folder of fix, or an address, as in http://127.0.0.1:8080/predict']],
    run: async (flags, world, target) => (await import('./serving/load.ts')).runLoad(target, flags, surroundings(world)),
  },
  serve: {
    about: 'the model, or the folder that fix wrote, as a server',
    takes: [['<model>', 'a model of any format that is read, or a folder of fix']],
    run: async (flags, world, model) =>
      (await import('./serving/serve.ts')).runServe(model, flags, { ...world, ...reading(world) }),
  },
  check: {
    about: 'exit code 3 if a model is slower than its baseline',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./check.ts')).runCheck(model, flags, surroundings(world)),
  },
  history: {
    about: 'what --save kept: listed, compared, plotted',
    takes: [['[model]', 'a model; all of them if it is left out']],
    run: async (flags, world, model) => (await import('./history.ts')).runHistory(model, flags, reading(world)),
  },
  explain: {
    about: 'diagnose again from saved evidence or from a trace; no engine, nothing is measured',
    takes: [
      [
        '<files...>',
        "what --save-evidence wrote; or a trace: of PyTorch, TensorFlow, JAX, ONNX Runtime, Chrome's; or two traces",
      ],
    ],
    run: async (flags, world, files) => (await import('./explain.ts')).runExplain(files, flags, reading(world)),
  },
  view: {
    about: 'the page of a report, or two compared, on this machine alone',
    takes: [['<reports...>', 'a report document that --json wrote, or two']],
    run: async (flags, world, reports) => (await import('./view.ts')).runView(reports, flags, surroundings(world)),
  },
  fleet: {
    about: 'many models, engines and batches, measured one after the other',
    takes: [['<models...>', 'models of any format that is read']],
    run: async (flags, world, models) => (await import('./fleet/fleet.ts')).runFleet(models, flags, surroundings(world)),
  },
  agent: {
    about: 'take trials from a queue on this machine, one at a time',
    run: async (flags, world) => (await import('./fleet/agent.ts')).runAgent(flags, surroundings(world)),
  },
  study: {
    about: 'models by machines, from documents that were kept',
    takes: [['[documents...]', 'reports, comparisons and studies that --json wrote']],
    run: async (flags, world, files) => (await import('./fleet/study.ts')).runStudy(files, flags, reading(world)),
  },
  foretell: {
    about: 'the latency on a machine that is only described: estimated',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./fleet/foretell.ts')).runForetell(model, flags, surroundings(world)),
  },
  engines: {
    about: 'what can run models here, what cannot, and how to get it',
    run: async (flags, world) => (await import('./engines.ts')).runEngines(flags, surroundings(world)),
  },
  completion: {
    about: 'print a script that completes commands and flags in a shell',
    takes: [['<shell>', 'bash, zsh or fish', ['bash', 'zsh', 'fish']]],
    run: async (_, world, shell) =>
      (await import('./completion/completion.ts')).runCompletion(shell, createProgram(world), world.screen),
  },
  machine: {
    about: 'facts and measured roofs of this computer',
    run: async (flags, world) => (await import('./machine.ts')).runMachine(flags, surroundings(world)),
  },
}

/** The program with all its commands; it throws commander's errors and those of the commands, and never exits. */
export function createProgram(world: World): Command {
  const program = plain(new Command('whyslow'))
    .version(world.version, '-V, --version', 'the version')
    .helpCommand(false)
    .enablePositionalOptions()
    .hook('preAction', (_, command) => {
      // To the lock of this process and of those that it starts.
      if (command.getOptionValue('lock') === false) process.env.WHYSLOW_LOCK = 'off'
      if (command.getOptionValue('verbose') === true) process.env.WHYSLOW_DEBUG = '1'
    })
  for (const name of Object.keys(commands) as CommandName[]) {
    const command = name === 'why' ? program : plain(program.command(name))
    const { about, takes = [], run } = commands[name] as Described<CommandName>
    command.description(about)
    for (const [words, help, choices] of takes) command.addArgument(argumentOf(words, help, choices))
    for (const flag of flags[name])
      for (const option of [commanderOption(flag), ...formerOptions(flag)]) command.addOption(option)
    // commander hands on the arguments, the flags, and itself.
    command
      .addHelpText('after', examples[name])
      .action((...given) => run(given.at(-2), world, ...(given.slice(0, -2) as never[])))
  }
  return program
}

function argumentOf(words: string, help: string, choices?: readonly string[]): Argument {
  const argument = new Argument(words, help)
  return choices === undefined ? argument : argument.choices(choices)
}

const plain = (command: Command): Command =>
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(false)
    .helpOption('-h, --help', 'this help')
