// One flag: from its row in the table follow commander's option, the type of its value, the option of the stage that it sets, its line in
// docs/cli.md, its completion in a shell, and the names that it had before.
import { InvalidArgumentError, Option } from 'commander'

/** `Key`: what commander keeps its value under. `Always`: it has a value even if it was not typed. `Name`: the stage's option; null: none. */
export interface Flag<
  Key extends string = string,
  Value = unknown,
  Always extends boolean = boolean,
  Name extends string | null = string | null,
> extends Row {
  readonly key: Key
  readonly name: Name
  /** For types alone. */
  readonly types?: { readonly value: Value; readonly always: Always }
}

type Parse<V> = (text: string, before?: never) => V

/** What a flag is listed under in the help of its command. */
export const groups = ['common', 'inputs', 'engine', 'output', 'advanced'] as const
export type Group = (typeof groups)[number]

interface Row {
  readonly words: string
  readonly help: string
  readonly group: Group
  readonly parse?: Parse<unknown> | undefined
  readonly default?: unknown
  /** The default, in words, if the command's stage has it or decides it. */
  readonly usual?: string
  /** Key of a flag that cannot be typed with it. */
  readonly excludes?: string
  /** The words that it takes, if there are a few. */
  readonly choices?: readonly string[]
  /** Ids that a shell completes, if it takes some. */
  readonly completes?: 'engines' | 'remedies'
  /** Names that it had before, as in --seconds: they still work for one version, and no help shows them. */
  readonly formerly?: readonly string[]
}

type Word<Rest> = Rest extends `${infer Word} <${string}` ? Word : Rest extends `${infer Word} [${string}` ? Word : Rest
type Long<Words> = Words extends `${string}--${infer Rest}` ? Word<Rest> : never
type Camel<Word> = Word extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Word & string
type KeyOf<Words> = Long<Words> extends `no-${infer Rest}` ? Camel<Rest> : Camel<Long<Words>>
type IsNegated<Words> = Long<Words> extends `no-${string}` ? true : false

/** `name`: the stage's option, if it is not called as the flag is. */
type More = Partial<Pick<Row, 'group' | 'default' | 'usual' | 'excludes' | 'completes' | 'formerly'>> & { readonly name?: string }
type AlwaysOf<Words, M> = M extends { readonly default: unknown } ? true : IsNegated<Words>
type NameOf<Words, M> = M extends { readonly name: infer Name extends string } ? Name : KeyOf<Words>

/**
 * A flag that sets an option of the command's stage. `parse`: its value from text; throws InvalidArgumentError. A value in brackets, as in
 * --json [file], may be left out and is then '-'.
 */
export function flag<const W extends string, const M extends Omit<More, 'default'> = object>(
  words: W,
  help: string,
  parse?: undefined,
  more?: M,
): Flag<KeyOf<W>, W extends `${string}${'<' | '['}${string}` ? string : boolean, IsNegated<W>, NameOf<W, M>>
export function flag<const W extends string, V, const M extends More = object>(
  words: W,
  help: string,
  parse: Parse<V>,
  more?: M,
): Flag<KeyOf<W>, V, AlwaysOf<W, M>, NameOf<W, M>>
export function flag(words: string, help: string, parse?: Parse<unknown>, more: More = {}): Flag {
  const key = new Option(words).attributeName()
  const choices = (parse as Partial<Choices> | undefined)?.choices
  return { name: key, group: 'common', ...more, ...(choices === undefined ? {} : { choices }), key, words, help, parse }
}

/** A flag that the command line itself acts upon. */
export const ownFlag = <K extends string, V, A extends boolean>(one: Flag<K, V, A, string>): Flag<K, V, A, null> => ({
  ...one,
  name: null,
})

/** Flags in a group of the help. */
export const inGroup = <F extends Flag>(group: Group, flags: readonly F[]): readonly F[] =>
  flags.map((one) => ({ ...one, group }))

/** The flags with those keys keep their group, the others are advanced. */
export const showOnly = <F extends Flag>(keys: readonly F['key'][], flags: readonly F[]): readonly F[] =>
  flags.map((one) => (keys.includes(one.key) ? one : { ...one, group: 'advanced' }))

const rows = new WeakMap<Option, Flag>()

/** The row that an option was made of; none of commander's own. */
export const rowOf = (option: Option): Flag | undefined => rows.get(option)

/** The flag as commander takes it. */
export function commanderOption(flag: Flag): Option {
  const { words, help, parse, default: value, usual, excludes, choices, group } = flag
  const takes = choices === undefined ? '' : `: ${choices.join(', ')}`
  const unlessTyped = usual === undefined || value !== undefined ? '' : ` (default: ${usual})`
  const option = new Option(words, `${help}${takes}${unlessTyped}`)
  if (parse !== undefined) option.argParser(parse as Parse<unknown> & ((text: string, before: unknown) => unknown))
  if (value !== undefined) option.default(value, usual ?? String(value))
  if (excludes !== undefined) option.conflicts(excludes)
  if (option.optional) option.preset('-')
  rows.set(option, flag)
  return option.helpGroup(`${group[0]!.toUpperCase()}${group.slice(1)}:`)
}

/** The names that a flag had before, as hidden options that set what it sets. */
export function formerOptions(flag: Flag): readonly Option[] {
  const { default: _, usual: __, ...row } = flag
  return (flag.formerly ?? []).map((name) => {
    const option = commanderOption({ ...row, words: flag.words.replace(/^(-\w, )?--[a-z-]+/, name) }).hideHelp()
    option.attributeName = () => flag.key
    return option
  })
}

export interface Choices {
  readonly choices: readonly string[]
}

/** One of a few words. */
export const oneOf = <const T extends string>(words: readonly T[]): ((text: string) => T) & Choices =>
  Object.assign(
    (text: string): T => {
      const found = words.find((word) => word === text)
      if (found === undefined) throw new InvalidArgumentError(`Give one of ${words.join(', ')}.`)
      return found
    },
    { choices: words },
  )

type ValueOf<F> = F extends { readonly types?: { readonly value: infer V } } ? V : never
type AlwaysThere<F> = F extends { readonly types?: { readonly always: true } } ? F : never

/** What was typed, as commander gives it. */
export type TypedFlags<F extends Flag> = { readonly [One in AlwaysThere<F> as One['key']]: ValueOf<One> } & {
  readonly [One in Exclude<F, AlwaysThere<F>> as One['key']]?: ValueOf<One>
}

type Sets<F> = F extends Flag<string, unknown, boolean, string> ? F : never

/** What was typed, as options of the stage. */
export type Options<F extends Flag> = { readonly [One in Sets<AlwaysThere<F>> as One['name']]: ValueOf<One> } & {
  readonly [One in Sets<Exclude<F, AlwaysThere<F>>> as One['name']]?: ValueOf<One>
}

/** Options of the stage that were typed or have a default here; the stage's own defaults hold for the others. */
export function optionsSet<F extends Flag>(flags: readonly F[], typed: TypedFlags<F>): Options<F> {
  const values: Readonly<Record<string, unknown>> = typed
  const set = flags.flatMap(({ key, name }) => (name === null || values[key] === undefined ? [] : [[name, values[key]]]))
  return Object.fromEntries(set)
}

/** Flags of each command in the order of its help, keyed by command. */
type FlagTable = Readonly<Record<string, readonly Flag[]>>

/** The flags of a command of a table, parsed. */
export type FlagsIn<Table extends FlagTable, Command extends keyof Table> = TypedFlags<Table[Command][number]>

/** `optionsSet` for the commands of a table, by their names. */
export const optionsIn =
  <Table extends FlagTable>(table: Table) =>
  <Command extends keyof Table>(command: Command, typed: FlagsIn<Table, Command>): Options<Table[Command][number]> =>
    optionsSet<Table[Command][number]>(table[command]!, typed)
