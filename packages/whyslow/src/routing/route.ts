// `whyslow X`: which command X is for. The command line comes back with the command in front, as if it had been typed.

import { nearest } from '@whyslow/command/nearest.ts'
import { missingFile } from '@whyslow/command/terminal/missing-file.ts'
import { stateOf } from '@whyslow/command/terminal/path-state.ts'
import { UsageError } from '@whyslow/command/terminal/usage-error.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import { commandLine } from '@whyslow/report/text/shell-words.ts'
import type { Command } from 'commander'
import { isTextServer, type KindOfFile, kindOfFile, namesCode } from '../compose/kind-of-file.ts'
import { type Operand, operandsOf } from './operands.ts'
import { shippedSetup } from './shipped-setup.ts'
import { COMMAND_SUGGESTIONS, LAUNCHERS } from './words.ts'

/** Names of the version before; they work for one more. */
const FORMERLY: Readonly<Record<string, readonly string[]>> = {
  agent: ['fleet', 'worker'],
  study: ['fleet', 'report'],
  foretell: ['fleet', 'estimate'],
  history: ['fleet', 'history'],
}

export interface Route {
  readonly argv: readonly string[]
  /** What was chosen, if that is worth a line. */
  readonly notice?: string
}

/** Throws UsageError if the words lead to no command. */
export async function route(argv: readonly string[], program: Command): Promise<Route> {
  const [before, ...rest] = argv
  if (['help', '/?', '-?', '-help'].includes(before!) && !exists(before!)) return { argv: [...presentWords(rest), '--help'] }
  // A model and nothing else: for programs, whose paths others choose. `whyslow X` would run a program.
  if (before === 'why') return withModels(rest, operandsOf(rest, program))
  if (before === 'version' && !exists(before)) return { argv: ['--version'] }
  const operands = operandsOf(argv, program).filter(({ word, isDoubtful }) => !isDoubtful || exists(word))
  const [first] = operands
  if (first === undefined) return { argv }
  const command = program.commands.find((one) => one.name() === first.word)
  if (command !== undefined || FORMERLY[first.word] !== undefined) {
    checkBelow(command, operands[1]?.word)
    if (command !== undefined && operands[1]?.word === 'help' && !exists('help')) return { argv: [first.word, '--help'] }
    const words = presentWords([first.word, ...without(argv, [first])])
    const name = OF_MODELS.exec(words.join(' '))?.[1]
    return name === undefined ? { argv: words } : withModels(words, operandsOf(words, program).slice(name.split(' ').length))
  }
  // A project may have a folder of that name.
  if (LAUNCHERS.has(first.word) && stateOf(first.word)?.isFile() !== true && first.at < argv.length - 1)
    throw new UsageError(launcherLine(argv.slice(first.at)))
  const isAlone = operands.length === 1
  if (isAddress(first.word)) {
    if (isAlone) return { argv: address(argv, first.word) }
    throw new UsageError(`${addressName(first.word)}: load takes one address; try: ${commandLine('load', [first.word])}`)
  }
  const isHelp = argv.includes('--help') || argv.includes('-h')
  if (!exists(first.word) || isFolderByChance(operands))
    return { argv: isHelp && !namesCode(first.word) ? argv : absent(argv, operands, program) }
  const kinds = await kindsOf(operands)
  return together(argv, kinds, program)
}

/** Commands that take models and nothing else, as a folder's only one. Others look themselves at what a folder is. */
const OF_MODELS = /^(compare|convert|distill|serve|load|check|fleet (?:run|estimate)) /

/** A folder that holds one model is that model. What comes with a program is for the program. */
async function withModels(argv: readonly string[], operands: readonly Operand[]): Promise<Route> {
  if (operands.some(({ word }) => namesCode(word))) return { argv }
  const folders = operands.filter(({ word }) => stateOf(word)?.isDirectory() === true)
  const found = (await kindsOf(folders)).filter(isModelFolder)
  return found.length === 0 ? { argv } : { argv: inPlace(argv, found), notice: theirModels(found) }
}

const isModelFolder = ({ kind, model }: Known): boolean => kind === 'folder' && model !== undefined

/** The words, with the models of folders in place of these. */
const inPlace = (argv: readonly string[], found: readonly Known[]): readonly string[] =>
  found.reduce((words, { at, model }) => words.with(at, model!), argv)

const theirModels = (found: readonly Known[]): string =>
  found.map(({ word, model }) => `the model of ${word} is ${model}`).join('; ')

/** Flags that say at which load. */
const LOADS = /^--(rate|slo|concurrency|clients|arrivals|help)\b|^-h$/

function address(argv: readonly string[], url: string): readonly string[] {
  if (!isTextServer(url) || argv.some((word) => LOADS.test(word))) return ['load', ...argv]
  const [text, load] = [commandLine('generate', [url]), commandLine('load', [url, '--rate', '1,2,4'])]
  throw new UsageError(`${addressName(url)} generates text; try: ${text}, or under load: ${load}`)
}

/** Under its present name. */
export const presentWords = ([first = '', ...rest]: readonly string[]): string[] =>
  [...(FORMERLY[first] ?? [first]), ...rest].filter(Boolean)

/** As in `bench model.onnx` in a project that has a folder `bench`. */
const isFolderByChance = ([first, second]: readonly Operand[]): boolean =>
  second !== undefined && COMMAND_SUGGESTIONS.has(first!.word) && stateOf(first!.word)?.isDirectory() === true

/** A command below another that is mistyped. */
function checkBelow(command: Command | undefined, word: string | undefined): void {
  const below = command?.commands.map((one) => one.name()) ?? []
  if (below.length === 0 || word === undefined || below.includes(word) || !/^[a-z]+$/.test(word) || exists(word)) return
  const meant = nearest(word, below)
  const next = meant === undefined ? `there are ${below.join(', ')}` : `did you mean ${command!.name()} ${meant}?`
  throw new UsageError(`unknown command '${command!.name()} ${word}'; ${next}`)
}

const without = (argv: readonly string[], operands: readonly Operand[]): string[] =>
  argv.filter((_, index) => operands.every(({ at }) => at !== index))

const exists = (word: string): boolean => stateOf(word) !== undefined
const isAddress = (word: string): boolean => /^(https?|grpcs?):\/\//i.test(word)

/** 'localhost:8000/predict'. */
const BARE_ADDRESS = /^(localhost|[\w-]+(\.[\w-]+)+):\d+(\/|$)/
/** 'org/name', or an address of Hugging Face; a file in a folder looks the same but for its ending. */
const HUB_MODEL = /^(hf:\/\/|hf\.co\/|huggingface\.co\/|[\w-]+\/[\w.-]+$)/
const FILE = /\.(onnx|keras|h5|tflite|json|gguf|skops|ubj|txt|gz)$/
const DOWNLOADS_NOTHING =
  ' or folder; whyslow downloads no models: get it first (hf download ORG/NAME --local-dir NAME), and give the folder'

/** A first word at which there is nothing. Commands that read such a file say so themselves. */
function absent(argv: readonly string[], [first, second]: readonly Operand[], program: Command): readonly string[] {
  const { word, at } = first!
  if (namesCode(word)) return codeNamed(argv, word, at)
  const isWord = /^[a-z][\w-]*$/i.test(word)
  // As servers of Python name an application: 'app.main:app'.
  const [, folder = '', module] = /^(.*\/)?([\w.]+):\w+$/.exec(word) ?? []
  const file = `${folder}${module?.replaceAll('.', '/')}.py`
  if (module !== undefined && exists(file))
    throw new UsageError(
      `${word}: an object of ${file}; its server: ${commandLine('--', ['uvicorn', word])}, or its functions: ${commandLine('', [file])}`,
    )
  if (BARE_ADDRESS.test(word))
    throw new UsageError(`${word}: an address begins with http://; try: ${commandLine('', [`http://${word}`])}`)
  if (HUB_MODEL.test(word) && !FILE.test(word) && second === undefined) throw new UsageError(missingFile(word, DOWNLOADS_NOTHING))
  if (!isWord) {
    if (second !== undefined) throw new UsageError(missingFile(word, '; check the path'))
    return argv
  }
  const typed = word.toLowerCase()
  const commands = program.commands.map((one) => one.name())
  const near = nearest(typed, [...commands, ...COMMAND_SUGGESTIONS.keys()])
  const command = COMMAND_SUGGESTIONS.get(typed) ?? (near === undefined ? undefined : (COMMAND_SUGGESTIONS.get(near) ?? near))
  if (command === undefined) throw new UsageError(missingFile(word, ', and no such command; whyslow --help lists the commands'))
  const rest = without(argv, [first!])
  throw new UsageError(`unknown command '${word}'; try: ${commandLine(command, completed(command, rest))}`)
}

/** `node server.js`: a script is measured as a program; a server is started by `whyslow --`. */
function launcherLine(argv: readonly string[]): string {
  const [launcher, first] = argv
  const isScript = first !== undefined && namesCode(first) && exists(first)
  const program = isScript ? `${commandLine('pipeline', argv.slice(1))}, or for a server: ` : ''
  return `${launcher} is not a command of whyslow; try: ${program}${commandLine('--', argv)}`
}

/** What the command needs, in place of what nobody gave. */
function completed(command: string, rest: readonly string[]): readonly string[] {
  const needs = [
    '',
    'fix',
    'quantize',
    'convert',
    'lint',
    'compare',
    'serve',
    'load',
    'check',
    'distill',
    'generate',
    'embed',
    'fleet run',
    'fleet estimate',
  ]
  const given = rest.length > 0 || !needs.includes(command) ? rest : ['model.onnx']
  if (/^(fix|quantize)$/.test(command) && !given.includes('-o')) return [...given, '-o', 'fast/']
  if (command === 'convert' && !given.includes('-o')) return [...given, '-o', 'out.onnx']
  return given
}

/** 'service.py:score' is a function of a file. */
function codeNamed(argv: readonly string[], word: string, at: number): readonly string[] {
  const [, file, call] = /^(.+):(\w+)$/.exec(word) ?? []
  const second = argv[at + 1]
  if (file === undefined || call === undefined || !exists(file)) return ['pipeline', ...argv]
  if (second !== undefined && namesCode(second)) return ['ab', ...argv]
  return ['pipeline', ...argv.with(at, file), '--call', call]
}

type Known = Operand & KindOfFile

/** Kinds of the operands that exist. */
async function kindsOf(operands: readonly Operand[]): Promise<Known[]> {
  const known: Known[] = []
  for (const one of operands) {
    if (exists(one.word)) known.push({ ...one, ...(await kindOfFile(one.word)) })
    else known.push({ ...one, kind: namesCode(one.word) ? 'program' : 'other', is: 'not there' })
  }
  return known
}

/** Command for one operand, and for several of a kind; '': `whyslow X` itself. */
const ONE = {
  model: '',
  generator: 'generate',
  program: 'pipeline',
  recording: 'explain',
  evidence: 'explain',
  document: 'view',
  shipped: '',
} as const
const SEVERAL = { model: 'compare', program: 'ab', recording: 'explain', evidence: 'explain', document: 'view' } as const

function together(argv: readonly string[], found: readonly Known[], program: Command): Route {
  const all = found.length > 1 ? found.map(asModel) : found
  const [first, second] = all as [Known, Known?]
  if (first.kind === 'data')
    throw new UsageError(`${first.word} is ${first.is}; try: ${commandLine('', ['model.onnx', '--data', first.word])}`)
  if (second === undefined) return isStep(first, argv, program) ? { argv } : one(argv, first, program)
  // What follows a program is for the program, unless it is a second one.
  if (first.kind === 'program' && (all.length > 2 || second.kind !== 'program')) return { argv: ['pipeline', ...argv] }
  const folders = all.filter(isModelFolder)
  if (folders.length > 0 && all.every((one) => one.kind === 'model' || folders.includes(one)))
    return { argv: ['compare', ...inPlace(argv, folders)], notice: theirModels(folders) }
  const several = SEVERAL[first.kind as keyof typeof SEVERAL]
  if (several !== undefined && all.every(({ kind }) => kind === first.kind)) return { argv: [several, ...argv] }
  if (first.kind === 'other' || first.kind === 'folder') return one(argv, first, program)
  throw new UsageError(mixed(first, all.find(({ kind }) => kind !== first.kind) ?? second, argv))
}

/** Next to other files, an ONNX decoder is a model as any other: `generate` takes one alone. */
const asModel = (known: Known): Known => (isOnnxDecoder(known) ? { ...known, kind: 'model', is: 'an ONNX model' } : known)

const isOnnxDecoder = ({ kind, word }: Known): boolean => kind === 'generator' && /\.onnx$/i.test(word)

/** A decoder with flags that only a model's prediction has: one step of it was meant. */
const isStep = (known: Known, argv: readonly string[], program: Command): boolean =>
  isOnnxDecoder(known) && !takesFlags('generate', argv, program)

/** Whether the command has all flags that were typed. */
function takesFlags(name: string, argv: readonly string[], program: Command): boolean {
  const { options } = program.commands.find((command) => command.name() === name)!
  const has = (flag: string) => options.some(({ long, short }) => long === flag || short === flag)
  return argv.every((one) => !one.startsWith('-') || one === '-' || has(one.split('=')[0]!) || ['-h', '--help'].includes(one))
}

function one(argv: readonly string[], { kind, word, at, is, next, model, readsTexts }: Known, program: Command): Route {
  if (readsTexts === true && takesFlags('embed', argv, program)) return { argv: ['embed', ...argv] }
  if (model !== undefined) {
    const holds = readsTexts === undefined ? 'one model' : `a model that ${readsTexts ? 'reads texts' : 'generates no text'}`
    const notice = `${word} holds ${holds}; this measures one prediction of it: ${commandLine('', [model])}`
    return { argv: argv.with(at, model), notice }
  }
  if (kind === 'other' && next !== undefined) throw new UsageError(`${word} is ${is}; ${next}`)
  if (kind === 'shipped') return shippedSetup(argv, word, at)
  const command = ONE[kind as keyof typeof ONE] ?? ''
  return { argv: command === '' ? argv : [command, ...argv] }
}

/** What two things of different kinds are for, if there is one use; else each alone. */
function mixed(first: Known, other: Known, argv: readonly string[]): string {
  const is = `${first.word} is ${first.is}, ${other.word} is ${other.is}`
  const use = (command: string, ...words: string[]) => `${is}; try: ${commandLine(command, words)}`
  const pair = (a: string, b: string) =>
    first.kind === a && other.kind === b ? [first, other] : first.kind === b && other.kind === a ? [other, first] : null
  if (!exists(other.word)) {
    const command = COMMAND_SUGGESTIONS.get(other.word) ?? other.word
    const isCommand = /^[a-z]+$/.test(other.word)
    if (!isCommand) return missingFile(other.word, '; check the path')
    return `'${other.word}': the command comes first; try: ${commandLine(command, completed(command, without(argv, [other])))}`
  }
  if (first.kind === 'generator') return `${is}: generate takes one alone; try: ${commandLine('generate', [first.word])}`
  const data = pair('model', 'data')
  if (data !== null) return use('', data[0]!.word, '--data', data[1]!.word)
  const trace = pair('recording', 'model')
  if (trace !== null) return use('explain', trace[0]!.word, '--model', trace[1]!.word)
  const baseline = pair('model', 'document')
  if (baseline !== null) return use('check', baseline[0]!.word, '--against', baseline[1]!.word)
  return `${is}: give one, or several of a kind; try: ${commandLine('', [first.word])}`
}
