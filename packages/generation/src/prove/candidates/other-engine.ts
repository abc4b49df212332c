// The same model on another engine, whose loop is ours if it lets us.
import { generatorEngineById } from '../../engines/index.ts'
import type { GeneratorEngine } from '../../generator.ts'
import type { Candidate } from '../candidate.ts'
import { SHIPPED_LOOP } from '../setup.ts'

/** `turn`: it may gain only after the graph has changed, and is tried once more then. */
export const otherEngine = ({ id, title }: Pick<GeneratorEngine, 'id' | 'title'>, turn = 1): Candidate => ({
  id: `engine-${id}${turn === 1 ? '' : `-${turn}`}`,
  title,
  effect: 'lossless',
  async apply(setup) {
    if (setup.engine === id) return { reason: 'it runs on this engine already' }
    // Names of types of an engine that reads other weights are no files of the folder.
    const isOwnName = generatorEngineById(setup.engine)?.otherWeights !== undefined
    const options = isOwnName ? { ...setup.options, dtype: null } : setup.options
    return { setup: { ...setup, engine: id, options, loop: setup.loop ?? SHIPPED_LOOP }, changes: [`runs on ${title}`] }
  },
})
