// JSON that others wrote: nothing is known of it before it was looked at.

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object, or an empty one in place of anything else. */
export const fieldsOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** The object; null in place of anything else. */
export const objectOrNull = (value: unknown): JsonObject | null => (isObject(value) ? value : null)

/** The text; null if it is empty or something else. */
export const textOrNull = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** Undefined if the text is not JSON. */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The value of a JSON text. Throws what `refuse` makes of the parser's words. */
export function parseJson(text: string, refuse: (words: string) => Error): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw refuse((error as Error).message)
  }
}
