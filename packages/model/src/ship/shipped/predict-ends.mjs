// Predicts with a model whose head or tail (or both) is code and whose other part is the engine's: what comes out of one goes into the next.
import { loadHere as loadCompiled } from './predict-compiled.mjs'

/** `options`: what options.json says of the ends; `rest`: the engine's part, opened, with the inputs that it takes. */
export async function loadHere({ head, tail, inputs, outputs }, rest, afterClose) {
  const before = head ? await loadCompiled(head, afterClose, 'head') : null
  const after = tail ? await loadCompiled(tail, afterClose, 'tail') : null
  const ofHead = new Set(head?.inputs.map(({ name }) => name))
  const ofRest = new Set(rest.inputs.map(({ name }) => name))
  const between = tail?.inputs[0].name

  /** What the head is given, and what the engine is given in addition to the head's outputs. */
  const parted = (feeds) => {
    if (typeof feeds !== 'object' || feeds === null)
      throw new TypeError(`predict() takes an object with a tensor for each input: ${inputs.join(', ')}`)
    const [own, others] = [{}, {}]
    for (const name in feeds) {
      if (!inputs.includes(name)) throw new TypeError(`the model has no input '${name}'; it takes ${inputs.join(', ')}`)
      if (ofHead.has(name)) own[name] = feeds[name]
      if (ofRest.has(name)) others[name] = feeds[name]
    }
    return before === null ? others : Object.assign(others, before.predictNow(own))
  }
  return {
    async predict(feeds) {
      const results = await rest.predict(parted(feeds))
      if (after === null) return results
      const all = { ...results, ...after.predictNow({ [between]: results[between] }) }
      return Object.fromEntries(outputs.map((name) => [name, all[name]]))
    },
    async close() {
      await Promise.all([before?.close(), rest.close(), after?.close()])
    },
  }
}
