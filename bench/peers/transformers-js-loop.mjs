// Milliseconds per token of @huggingface/transformers on a folder, as JSON: its text-generation pipeline, greedy, a fixed number of tokens.
//   node transformers-js-loop.mjs FOLDER DTYPE PROMPT TOKENS CALLS     in a project that has the package; DTYPE default: its own choice
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, dtype, prompt, tokens, calls] = process.argv.slice(2)
const found = createRequire(path.join(process.cwd(), 'x.js')).resolve('@huggingface/transformers')
const { pipeline, env } = await import(pathToFileURL(found.replace(/\.cjs$/, '.mjs')).href)
env.allowRemoteModels = false
env.localModelPath = path.dirname(path.resolve(folder))
const generate = await pipeline('text-generation', path.basename(folder), dtype === 'default' ? {} : { dtype })
const each = []
for (let call = 0; call < Number(calls); call++) {
  // The first put is the prompt.
  const times = []
  const streamer = { put: () => times.push(performance.now()), end: () => {} }
  const fixed = { max_new_tokens: Number(tokens), min_new_tokens: Number(tokens), do_sample: false, return_full_text: false }
  await generate(`${prompt} ${call}`, { ...fixed, streamer })
  each.push((times.at(-1) - times[1]) / (times.length - 2))
}
console.log(JSON.stringify(each))
