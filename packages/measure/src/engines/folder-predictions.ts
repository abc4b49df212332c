// What the code in shipped folders shares, whatever predicts there: the turn of the event loop that predictions take, and the names of feeds.

/** As users give and get them. */
export interface PlainTensor {
  readonly type: string
  readonly data: unknown
  readonly dims: readonly number[]
}
export type PlainTensors = Readonly<Record<string, PlainTensor>>

/** A turn of the event loop may last this long before a prediction lets timers and sockets have theirs, ms. */
const LONGEST_TURN_MS = 5

/** Predictions that are computed at once, in the caller's thread: a loop of them lets timers and sockets have their turn. */
export function inTurns<Given, Results>(predict: (given: Given) => Results): (given: Given) => Promise<Results> {
  let turn: number | null = null
  return (given) => {
    const now = performance.now()
    if (turn === null) {
      turn = now
      setImmediate(() => {
        turn = null
      })
    } else if (now - turn > LONGEST_TURN_MS) {
      return new Promise((resolve) => setImmediate(resolve)).then(() => predict(given))
    }
    try {
      return Promise.resolve(predict(given))
    } catch (error) {
      return Promise.reject(error)
    }
  }
}

/** Throws a TypeError that says what is wrong with what predict() is given, and with the names in it. */
export function checkNames(feeds: unknown, inputs: readonly { readonly name: string }[]): void {
  const names = () => inputs.map(({ name }) => name).join(', ')
  if (typeof feeds !== 'object' || feeds === null) {
    throw new TypeError(`predict() takes an object with a tensor for each input: ${names()}`)
  }
  for (const name in feeds) {
    if (!inputs.some((input) => input.name === name)) throw new TypeError(`the model has no input '${name}'; it takes ${names()}`)
  }
}

/** Throws a TypeError if an input is missing, or is not a tensor of its type. */
export function checkTensor(name: string, type: string, value: PlainTensor | undefined): asserts value is PlainTensor {
  if (value === undefined) throw new TypeError(`input '${name}' is missing`)
  if (typeof value !== 'object' || value === null || value.data === undefined || !Array.isArray(value.dims)) {
    throw new TypeError(`input '${name}' must be { type, data, dims }`)
  }
  if (value.type !== type) throw new TypeError(`input '${name}' takes ${type}, and was given ${value.type}`)
}
