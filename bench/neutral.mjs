// How often does `fix` keep what does nothing? In place of its remedies the command gets some that only write a note into the model: the whole search
// and the last proof run as ever, on copies of the original. What is kept is kept by chance.
//   node bench/neutral.mjs [--out folder]     COUNT=20 (runs for each model)   NEUTRAL=10 (remedies)   BUDGET=20s   MODELS=folder ONLY=word,word
// Exit 1 where more runs end with something proven than the 5 in 100 that are allowed, by three standard deviations, or where all runs failed.
import path from 'node:path'
import { create } from '@bufbuild/protobuf'
import { StringStringEntryProtoSchema } from 'onnx-buf'
import { remedies } from '../dist/model/remedies/index.js'

const neutral = Number(process.env.NEUTRAL ?? 10)
const ALLOWED = 0.05

if (process.argv[1] === import.meta.filename) await main()
// Loaded before the command (NODE_OPTIONS); its trials know nothing of remedies.
else if (process.argv[1] === path.join(import.meta.dirname, '../dist/whyslow/main.js')) {
  const names = Array.from({ length: neutral }, (_, k) => `neutral-${k + 1}`)
  remedies.splice(0, remedies.length, ...names.map(note))
}

/** A remedy that writes its name into the model, where the engine reads no more than that it is there. */
function note(id) {
  return {
    id,
    title: `Write a note: ${id}`,
    treats: ['dispatch-overhead'],
    effect: 'exact',
    kind: 'rewrite',
    goals: ['latency'],
    apply(setup, { p50Ms }) {
      const { proto } = setup.model
      if (proto.metadataProps.some(({ key }) => key === id)) return []
      const entry = create(StringStringEntryProtoSchema, { key: id, value: 'does nothing' })
      const model = { ...setup.model, proto: { ...proto, metadataProps: [...proto.metadataProps, entry] } }
      return [{ variant: '', setup: { ...setup, model }, changes: ['a note'], predictedSavingMs: 0.1 * p50Ms }]
    },
  }
}

async function main() {
  const { keepResult } = await import('./result.mjs')
  const { fixed, flagsFor, modelsToFix, reasonOf } = await import('./shared.mjs')
  const count = Number(process.env.COUNT ?? 20)
  const env = { NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --import=${import.meta.filename}` }
  process.on('SIGINT', () => process.exit(130))
  const rows = []
  for (const file of modelsToFix()) {
    const model = path.basename(file)
    for (let run = 0; run < count; run++) {
      try {
        const flags = [...flagsFor(file), '--budget', process.env.BUDGET ?? '20s', '--no-cache']
        const { fix, trials } = fixed(file, flags, { env }).document
        // Those of conversions are not the search's.
        const tried = trials.filter(({ remedies }) => remedies.every((id) => /^neutral-\d+$/.test(id)))
        const kept = tried.filter((one) => one.kept).map(({ name }) => name)
        rows.push({
          model,
          tried: tried.length,
          seen: tried.map(({ outcome }) => outcome),
          kept,
          proven: fix.proven,
          speedup: fix.speedup,
        })
        console.log(
          `${model}: ${tried.length} tried, kept: ${kept.join(', ') || 'none'}${fix.proven ? `, proven ${fix.speedup.toFixed(3)} times` : ''}`,
        )
      } catch (error) {
        console.log(`${model}: left out: ${reasonOf(error)}`)
      }
    }
  }
  const tried = rows.reduce((sum, one) => sum + one.tried, 0)
  const kept = rows.reduce((sum, one) => sum + one.kept.length, 0)
  const proven = rows.filter((one) => one.proven).length
  const limit = rows.length * ALLOWED + 3 * Math.sqrt(rows.length * ALLOWED * (1 - ALLOWED))
  console.log(`${kept} of ${tried} neutral remedies were kept; ${proven} of ${rows.length} runs ended with something proven`)
  await keepResult({ all: { runs: rows.length, tried, kept, proven } }, rows)
  process.exit(rows.length === 0 || tried === 0 || proven > limit ? 1 : 0)
}
