// The command line: commands, options, their help. Bodies of commands are imported when one runs, so that help costs nothing.

import { commanderOption, formerOptions } from '@whyslow/command/terminal/flags/flag.ts'
import { Argument, Command } from 'commander'
import { examples } from './examples.ts'
import { formatHelp, optionDescription, type Section } from './help.ts'
import { type CommandName, type FlagsOf, flags } from './options/flags.ts'
import { stagesOf, surroundings, type World } from './world.ts'

export type { World }

/** One command: what it is for, its arguments with what they are, and what it does with them. */
interface Described<N extends CommandName> {
  /** Its words, as in 'fleet run'; absent: its name. */
  readonly words?: string
  /** What it is listed under; absent: no help lists it, because `whyslow X` finds it by itself, or it has a new name. */
  readonly section?: Section
  /** The name is of the version before, and works for one more. */
  readonly formerly?: true
  readonly about: string
  readonly takes?: readonly (readonly [words: string, help: string, choices?: readonly string[]])[]
  /** `given`: a text for each argument, or texts where it takes several. */
  run(flags: FlagsOf<N>, world: World, ...given: never[]): Promise<void>
}

const ANY = 'a model of any format that whyslow reads'
const reading = (world: World) => ({ screen: world.screen, load: stagesOf(world) })

const commands: { readonly [N in CommandName]: Described<N> } = {
  why: {
    about: 'Find out why a prediction is slow, and what would make it faster.',
    takes: [['<model>', 'a model: .onnx, .h5, .keras, .tflite, model.json, .ubj, .txt of LightGBM, .skops']],
    run: async (flags, world, model) => (await import('@whyslow/model/command/why.ts')).runWhy(model, flags, surroundings(world)),
  },
  pipeline: {
    section: 'Diagnose',
    about: 'your own code around the model: stages, hot lines',
    takes: [['<file...>', 'a module with stages, or a script and its arguments: .mjs .js .ts .py']],
    run: async (flags, world, files) =>
      (await import('@whyslow/code/command/pipeline.ts')).runPipeline(files, flags, surroundings(world)),
  },
  compare: {
    section: 'Diagnose',
    about: 'one model on several engines, or several models',
    takes: [['<models...>', 'a model, or several; or a Python program that runs one']],
    run: async (flags, world, models) =>
      (await import('@whyslow/model/command/compare.ts')).runCompare(models, flags, surroundings(world)),
  },
  explain: {
    section: 'Diagnose',
    about: 'a recording of another tool, or saved evidence; measures nothing',
    takes: [
      [
        '<files...>',
        "what --save-evidence wrote; or a trace: of PyTorch, TensorFlow, JAX, ONNX Runtime, Chrome's; or two traces",
      ],
    ],
    run: async (flags, world, files) => (await import('./explain.ts')).runExplain(files, flags, reading(world)),
  },
  lint: {
    section: 'Diagnose',
    about: 'why is this quantized model not faster?',
    takes: [['<model>', `${ANY}, or a folder of a text generator`]],
    run: async (flags, world, model) => (await import('./lint.ts')).runLint(model, flags, surroundings(world)),
  },
  generate: {
    section: 'Diagnose',
    about: 'text generation: where the milliseconds of a token go',
    takes: [['<model>', 'a decoder: .onnx or its folder, .gguf; or the address of a server']],
    run: async (flags, world, model) =>
      (await import('@whyslow/generation/command/generate.ts')).runGenerate(model, flags, surroundings(world)),
  },
  // `whyslow X` finds it by itself.
  embed: {
    about: 'embeddings: where the milliseconds of a text go, and what batches gain',
    takes: [['<folder>', 'a folder of an encoder: config.json, tokenizer.json, onnx/model.onnx']],
    run: async (flags, world, folder) =>
      (await import('@whyslow/generation/command/embed.ts')).runEmbed(folder, flags, surroundings(world)),
  },
  doctor: {
    section: 'Diagnose',
    about: 'this machine: is it quiet, what is installed, how to get more',
    run: async (flags, world) => (await import('./doctor/doctor.ts')).runDoctor(flags, surroundings(world)),
  },
  demo: {
    section: 'Diagnose',
    about: 'no model at hand? explain and fix one that comes with whyslow',
    run: async (flags, world) => (await import('./demo.ts')).runDemo(flags, surroundings(world)),
  },
  fix: {
    section: 'Improve',
    about: 'try remedies, prove them, write a faster model',
    takes: [
      ['<model>', 'a model, a text generator, or a Python program that runs models'],
      ['[arguments...]', "the program's own, after --"],
    ],
    run: async (flags, world, model, words) =>
      (await import('./improve.ts')).runFix([model, ...words], flags, surroundings(world)),
  },
  quantize: {
    section: 'Improve',
    about: 'quantize the layers that gain from it; prove speed and accuracy',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) => (await import('./improve.ts')).runQuantize(model, flags, surroundings(world)),
  },
  distill: {
    section: 'Improve',
    about: 'train a smaller model that imitates this one',
    takes: [['<model>', 'trees, a linear model or a small network']],
    run: async (flags, world, model) =>
      (await import('@whyslow/model/command/distill.ts')).runDistill(model, flags, surroundings(world)),
  },
  convert: {
    section: 'Improve',
    about: 'the model in another format; measures nothing',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) =>
      (await import('@whyslow/model/command/convert.ts')).runConvert(model, flags, surroundings(world)),
  },
  serve: {
    section: 'Serve and load',
    about: 'a model, or a folder that fix wrote, as a server',
    takes: [['<model>', 'a model, or a folder that fix wrote']],
    run: async (flags, world, model) =>
      (await import('@whyslow/serving/command/serve.ts')).runServe(model, flags, { ...world, ...reading(world) }),
  },
  load: {
    section: 'Serve and load',
    about: 'load-test a model or an address: percentiles, causes, capacity',
    takes: [['<target>', 'a model, a folder that fix wrote, or an address, as in http://127.0.0.1:8080/predict']],
    run: async (flags, world, target) =>
      (await import('@whyslow/serving/command/load.ts')).runLoad(target, flags, surroundings(world)),
  },
  check: {
    section: 'CI',
    about: 'exit code 3 if a model is slower than its baseline',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) =>
      (await import('@whyslow/model/command/check.ts')).runCheck(model, flags, surroundings(world)),
  },
  fleet: {
    words: 'fleet run',
    about: 'measure many models, engines and batches, here or through a queue',
    takes: [['<models...>', 'models of any format that whyslow reads']],
    run: async (flags, world, models) =>
      (await import('@whyslow/fleet/command/fleet.ts')).runFleet(models, flags, surroundings(world)),
  },
  agent: {
    words: 'fleet worker',
    about: 'take measurement jobs from a queue on this machine, one at a time',
    run: async (flags, world) => (await import('@whyslow/fleet/command/agent.ts')).runAgent(flags, surroundings(world)),
  },
  study: {
    words: 'fleet report',
    about: 'saved results across models and machines',
    takes: [['[documents...]', 'reports, comparisons and studies that --json wrote']],
    run: async (flags, world, files) => (await import('@whyslow/fleet/command/study.ts')).runStudy(files, flags, reading(world)),
  },
  foretell: {
    words: 'fleet estimate',
    about: 'the latency on a machine that you cannot measure on',
    takes: [['<model>', ANY]],
    run: async (flags, world, model) =>
      (await import('@whyslow/fleet/command/foretell.ts')).runEstimate(model, flags, surroundings(world)),
  },
  history: {
    words: 'fleet history',
    about: 'what --save or --store kept: listed, compared, plotted',
    takes: [['[model]', 'a model; all of them if it is left out']],
    run: async (flags, world, model) =>
      (await import('@whyslow/fleet/command/history.ts')).runHistory(model, flags, reading(world)),
  },
  // `whyslow X` finds these by itself; the second is `whyslow -- COMMAND`.
  view: {
    about: 'a report as a page, or two compared, served on this machine alone',
    takes: [['<reports...>', 'a report document that --json wrote, or two']],
    run: async (flags, world, reports) => (await import('./view.ts')).runView(reports, flags, surroundings(world)),
  },
  watch: {
    about: 'start a server unchanged, and show what its requests spend time on: model, code, queue',
    takes: [['<command...>', 'the command, after --, as in whyslow -- node server.js']],
    run: async (flags, world, words) =>
      (await import('@whyslow/code/command/watch.ts')).runWatch(words, flags, { ...world, ...reading(world) }),
  },
  ab: {
    about: 'two implementations: same results? which is faster?',
    takes: [
      ['<first>', 'a program: .py, .mjs, .js, or file.py:function'],
      ['<second>', 'the other program'],
    ],
    run: async (flags, world, first, second) =>
      (await import('@whyslow/code/command/ab.ts')).runAb(first, second, flags, surroundings(world)),
  },
  engines: {
    formerly: true,
    about: 'what can run models on this machine, what cannot, and how to get it',
    run: async (flags, world) => (await import('./doctor/engines.ts')).runEngines(flags, surroundings(world)),
  },
  mcp: {
    about: 'why, fix, quantize, compare, check and lint for coding agents, over the Model Context Protocol',
    run: async (flags, world) => (await import('./mcp/mcp.ts')).runMcp(flags, { ...surroundings(world), version: world.version }),
  },
  completion: {
    about: 'print a script that completes commands and flags in a shell',
    takes: [['<shell>', 'bash, zsh or fish', ['bash', 'zsh', 'fish']]],
    run: async (_, { screen, ...world }, shell) => {
      const program = createProgram({ ...world, screen })
      await (await import('./completion/completion.ts')).runCompletion(shell, program, {
        documented: documentedCommands(program),
        screen,
      })
    },
  },
  machine: {
    formerly: true,
    about: 'facts and measured roofs of this computer',
    run: async (flags, world) => (await import('./doctor/machine.ts')).runMachine(flags, surroundings(world)),
  },
}

/** Flags of the version before, by their keys; they work for one more. */
const FORMER_FLAGS: Partial<Readonly<Record<CommandName, readonly string[]>>> = {
  lint: ['repair', 'out', 'force', 'maxLoss', 'budget'],
}

/** The program with all its commands; it throws commander's errors and those of the commands, and never exits. */
export function createProgram(world: World): Command {
  const program = plain(new Command('whyslow'))
    .version(world.version, '-V, --version', 'the version')
    .usage('<what> [options], or whyslow <command> [options]')
    .hook('preAction', (_, command) => {
      // To the lock of this process and of those that it starts.
      if (command.getOptionValue('lock') === false) process.env.WHYSLOW_LOCK = 'off'
      if (command.getOptionValue('verbose') === true) process.env.WHYSLOW_DEBUG = '1'
    })
  for (const name of Object.keys(commands) as CommandName[]) {
    const { words = name, section, about, takes = [], run } = commands[name] as Described<CommandName>
    const command = name === 'why' ? program : added(program, words.split(' '))
    command.description(about)
    if (section !== undefined) command.helpGroup(`${section}:`)
    for (const [words, help, choices] of takes) command.addArgument(argumentOf(words, help, choices))
    const former: readonly string[] = FORMER_FLAGS[name] ?? []
    for (const flag of flags[name])
      for (const option of [commanderOption(flag).hideHelp(former.includes(flag.key)), ...formerOptions(flag)])
        command.addOption(option)
    // commander hands on the arguments, the flags, and itself.
    command
      .addHelpText('after', examples[name])
      .action((...given) => run(given.at(-2), world, ...(given.slice(0, -2) as never[])))
  }
  return program
}

/** Commands that documents describe: those of the version before are left out. */
export function documentedCommands(program: Command): readonly Command[] {
  const isFormer = (command: Command) => command.parent === program && commands[command.name() as CommandName]?.formerly === true
  const leaves = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leaves))
  return [program, ...program.commands.filter((one) => !isFormer(one)).flatMap(leaves)]
}

/** What the table of flags calls it. */
export function tableName(command: Command): CommandName {
  const words = (one: Command): string[] => (one.parent === null ? [] : [...words(one.parent), one.name()])
  const named = words(command).join(' ')
  return (Object.keys(commands) as CommandName[]).find((name) => (commands[name].words ?? name) === named) ?? 'why'
}

/** A command that has others below it, and the one of them that is meant if none is named. */
const ABOVE: Readonly<Record<string, { readonly section: Section; readonly about: string; readonly usual: string }>> = {
  fleet: { section: 'Fleet', about: 'many models, many machines: run, worker, report, estimate, history', usual: 'run' },
}

function added(program: Command, [first, second]: readonly string[]): Command {
  const hidden = (name: string) => commands[name as CommandName]?.section === undefined
  if (second === undefined) return plain(program.command(first!, { hidden: hidden(first!) }))
  const { section, about, usual } = ABOVE[first!]!
  const above =
    program.commands.find((one) => one.name() === first) ??
    plain(program.command(first!)).description(about).helpGroup(`${section}:`).usage('<command> [options]')
  return plain(above.command(second, { isDefault: second === usual }))
}

function argumentOf(words: string, help: string, choices?: readonly string[]): Argument {
  const argument = new Argument(words, help)
  return choices === undefined ? argument : argument.choices(choices)
}

const plain = (command: Command): Command =>
  command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ formatHelp, optionDescription, visibleArguments: (one) => [...one.registeredArguments] })
    .showSuggestionAfterError(false)
    .helpCommand(false)
    .enablePositionalOptions()
    .helpOption('-h, --help', 'this help')
