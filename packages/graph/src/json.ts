// JSON that others wrote: nothing is known of it before it was looked at.

export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The object, or an empty one in place of anything else. */
export const fieldsOf = (value: unknown): JsonObject => (isObject(value) ? value : {})

/** Undefined if the text is not JSON. */
export function jsonValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
