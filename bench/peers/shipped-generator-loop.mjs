// Milliseconds per token of a folder that `fix` wrote of a generator, as JSON: greedy, a fixed number of tokens.
//   node shipped-generator-loop.mjs FOLDER PROMPT TOKENS CALLS
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const [folder, prompt, tokens, calls] = process.argv.slice(2)
const { load } = await import(pathToFileURL(path.resolve(folder, 'generate.mjs')).href)
const generator = await load()
const each = []
for (let call = 0; call < Number(calls); call++) {
  const times = []
  for await (const _ of generator.generate(`${prompt} ${call}`, { maxNewTokens: Number(tokens), ignoreEnd: true }))
    times.push(performance.now())
  each.push((times.at(-1) - times[0]) / (times.length - 1))
}
await generator.close()
console.log(JSON.stringify(each))
