// What a stage gives back, done to its end: a promise is waited for, a generator run until it is empty, since what was not done was not measured.
// A value is neither: a turn of the event loop takes longer than many a function.

export const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === 'object' || typeof value === 'function') &&
  value !== null &&
  typeof (value as { then?: unknown }).then === 'function'

/** The value itself, or a promise of it if there is something to wait for. */
export function finishValue(value: unknown): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value
  if (isThenable(value)) return Promise.resolve(value).then(finishValue)
  // What a generator's object is called, by the language itself.
  const kind = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag]
  if (kind === 'Generator' || kind === 'Iterator Helper') return [...(value as Iterable<unknown>)]
  if (kind === 'AsyncGenerator') return listed(value as unknown as AsyncIterable<unknown>)
  return value
}

async function listed(generator: AsyncIterable<unknown>): Promise<unknown[]> {
  const items: unknown[] = []
  for await (const item of generator) items.push(item)
  return items
}
