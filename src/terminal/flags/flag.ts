// One flag: from its row in the table follow commander's option, the type of its value, the option of the stage that it sets, and its line in
// docs/cli.md.
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

interface Row {
  readonly words: string
  readonly help: string
  readonly parse?: Parse<unknown> | undefined
  readonly default?: unknown
  /** Key of a flag that cannot be typed with it. */
  readonly excludes?: string
  /** What it is listed under in the help. */
  readonly heading?: string
}

type Long<Words> = Words extends `${string}--${infer Rest}` ? (Rest extends `${infer Word} <${string}` ? Word : Rest) : never
type Camel<Word> = Word extends `${infer First}-${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : Word & string
type KeyOf<Words> = Long<Words> extends `no-${infer Rest}` ? Camel<Rest> : Camel<Long<Words>>
type IsNegated<Words> = Long<Words> extends `no-${string}` ? true : false

/** `name`: the stage's option, if it is not called as the flag is. */
type More = Pick<Row, 'default' | 'excludes'> & { readonly name?: string }
type AlwaysOf<Words, M> = M extends { readonly default: unknown } ? true : IsNegated<Words>
type NameOf<Words, M> = M extends { readonly name: infer Name extends string } ? Name : KeyOf<Words>

/** A flag that sets an option of the command's stage. `parse`: its value from text; throws InvalidArgumentError. */
export function flag<const W extends string>(
  words: W,
  help: string,
): Flag<KeyOf<W>, W extends `${string}<${string}` ? string : boolean, IsNegated<W>, KeyOf<W>>
export function flag<const W extends string, V, const M extends More = object>(
  words: W,
  help: string,
  parse: Parse<V>,
  more?: M,
): Flag<KeyOf<W>, V, AlwaysOf<W, M>, NameOf<W, M>>
export function flag(words: string, help: string, parse?: Parse<unknown>, more: More = {}): Flag {
  const key = new Option(words).attributeName()
  return { name: key, ...more, key, words, help, parse }
}

/** A flag that the command line itself acts upon. */
export const own = <K extends string, V, A extends boolean>(one: Flag<K, V, A, string>): Flag<K, V, A, null> => ({
  ...one,
  name: null,
})

/** Flags under a heading of their own in the help. */
export const group = <F extends Flag>(heading: string, flags: readonly F[]): readonly F[] =>
  flags.map((one) => ({ ...one, heading }))

/** The flag as commander takes it. */
export function commanderOption({ words, help, parse, default: value, excludes, heading }: Flag): Option {
  const option = new Option(words, help)
  if (parse !== undefined) option.argParser(parse as Parse<unknown> & ((text: string, before: unknown) => unknown))
  if (value !== undefined) option.default(value)
  if (excludes !== undefined) option.conflicts(excludes)
  return heading === undefined ? option : option.helpGroup(heading)
}

/** One of a few words. */
export const oneOf =
  <const T extends string>(words: readonly T[]) =>
  (text: string): T => {
    const found = words.find((word) => word === text)
    if (found === undefined) throw new InvalidArgumentError(`Give one of ${words.join(', ')}.`)
    return found
  }

type ValueOf<F> = F extends { readonly types?: { readonly value: infer V } } ? V : never
type AlwaysThere<F> = F extends { readonly types?: { readonly always: true } } ? F : never

/** What was typed, as commander gives it. */
export type Typed<F extends Flag> = { readonly [One in AlwaysThere<F> as One['key']]: ValueOf<One> } & {
  readonly [One in Exclude<F, AlwaysThere<F>> as One['key']]?: ValueOf<One>
}

type Sets<F> = F extends Flag<string, unknown, boolean, string> ? F : never

/** What was typed, as options of the stage. */
export type Options<F extends Flag> = { readonly [One in Sets<AlwaysThere<F>> as One['name']]: ValueOf<One> } & {
  readonly [One in Sets<Exclude<F, AlwaysThere<F>>> as One['name']]?: ValueOf<One>
}

/** Options of the stage that were typed or have a default here; the stage's own defaults hold for the others. */
export function optionsSet<F extends Flag>(flags: readonly F[], typed: Typed<F>): Options<F> {
  const values: Readonly<Record<string, unknown>> = typed
  const set = flags.flatMap(({ key, name }) => (name === null || values[key] === undefined ? [] : [[name, values[key]]]))
  return Object.fromEntries(set)
}
