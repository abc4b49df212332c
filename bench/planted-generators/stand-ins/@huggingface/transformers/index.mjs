// Stands in for @huggingface/transformers: the same names, and times that grow with the same things, by arithmetic in place of a model. A position
// costs one unit of work, four in float32; loading costs many.
let sink = 0

/** So many units of work, of about ten microseconds. */
export function work(units) {
  worked(units).next()
}

/** V8 inlines no generator function: it would count the loop's samples for whoever called, as those of no tokenizer of real size are. */
function* worked(units) {
  // In a variable of the module each sum would be an object of its own, and garbage.
  let sum = sink
  for (let i = 0; i < units * 4000; i++) sum += Math.sqrt(i + sum)
  sink = sum > 1e12 ? 0 : sum
  yield
}

const LOADING = 1000
const COST = { fp32: 4, fp16: 4, q8: 1.5, q4: 1 }
const WORD = 4

const encode = (text) => {
  const ids = []
  for (let at = 0; at < text.length; at += WORD) ids.push(text.charCodeAt(at))
  // A merge looks at all pairs again.
  work(ids.length / 20)
  return ids
}

class Tokenizer {
  encode(text) {
    return encode(text)
  }
  decode(ids) {
    let text = ''
    for (const id of ids) text += `${String.fromCharCode(97 + (id % 26))} `
    work(ids.length / 8)
    return text
  }
}

export const AutoTokenizer = { from_pretrained: async () => new Tokenizer() }

export class TextStreamer {
  constructor(tokenizer, { callback_function: callback = () => {} } = {}) {
    this.tokenizer = tokenizer
    this.callback = callback
    this.ids = []
    this.shown = 0
  }
  put(id) {
    this.ids.push(id)
    const text = this.tokenizer.decode(this.ids)
    this.callback(text.slice(this.shown))
    this.shown = text.length
  }
  end() {}
}

/** One step of the loop for each token; the prompt is computed but for what the cache holds. */
async function generateIds(prompt, { max_new_tokens: count = 16, past_key_values: past, num_beams: beams = 1, streamer }, cost) {
  work(cost * Math.max(1, prompt - (past?.length ?? 0)))
  for (let k = 0; k < count; k++) {
    await null
    work(cost * 2 * beams)
    streamer?.put(k)
  }
  streamer?.end()
  if (past !== undefined) past.length = prompt + count
  return Array.from({ length: count }, (_, k) => k)
}

export class DynamicCache {
  length = 0
}

export async function pipeline(task, _model, { dtype = 'fp32' } = {}) {
  work(LOADING)
  const [tokenizer, cost] = [new Tokenizer(), COST[dtype]]
  if (task === 'feature-extraction')
    return async (texts) => {
      const all = [].concat(texts)
      work((cost * all.length * Math.max(...all.map(({ length }) => length))) / WORD / 4)
      return all.map(() => new Float32Array(8))
    }
  const generator = async (input, options = {}) => {
    const text = typeof input === 'string' ? input : input.map(({ content }) => content).join('\n')
    const ids = await generateIds(Math.ceil(text.length / WORD), options, cost)
    return [{ generated_text: tokenizer.decode(ids) }]
  }
  return Object.assign(generator, { tokenizer })
}
