// What functions that go through a tokenizer were given while the program ran.

/** A function of the user's, with what it was given. */
export interface Tokenizing {
  /** What pieces are looked up in, by the expression that names it. */
  readonly tables: readonly (readonly [string, () => unknown])[]
  /** Texts that the function was given, keyed by the texts of one call. */
  readonly given: Map<string, GivenTexts>
  calls: number
}

export interface GivenTexts {
  readonly texts: readonly string[]
  readonly call: (...given: unknown[]) => unknown
  readonly given: readonly unknown[]
}

/** Most texts of one function; more say the same. */
const MOST_GIVEN = 64
const MOST_CHARACTERS = 300_000

export class TextsSeen {
  /** Functions by FILE#LINE#NAME, those that were called first first. */
  readonly functions = new Map<string, Tokenizing>()
  private characters = new Map<string, number>()

  /** What the looks call (tokenizer-functions.ts). */
  readonly look = (key: string, call: GivenTexts['call'], given: readonly unknown[], tables: Tokenizing['tables']): void => {
    let found = this.functions.get(key)
    if (found === undefined) {
      found = { tables, given: new Map(), calls: 0 }
      this.functions.set(key, found)
    }
    found.calls++
    const characters = this.characters.get(key) ?? 0
    if (found.given.size >= MOST_GIVEN || characters > MOST_CHARACTERS) return
    const texts = textsIn(given[0])
    if (texts === null) return
    const joined = texts.join('\n')
    this.characters.set(key, characters + joined.length)
    found.given.set(joined, { texts, call, given: given.map(copied) })
  }
}

/** What it goes on to change is another one's. */
const copied = (value: unknown): unknown => (Array.isArray(value) ? [...value] : value)

/** A text, several, or the one member that is it; null: there are none. */
function textsIn(value: unknown): readonly string[] | null {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.length > 0 && value.every((one) => typeof one === 'string') ? [...value] : null
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null
  const found = Object.values(value).filter((one) => typeof one === 'string')
  return found.length === 1 ? (found as string[]) : null
}
