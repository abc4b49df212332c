// A larger batch is not always faster: what passes between the layers no longer fits the caches, and one long text sets the length of more others.
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule, embedAgain, isFaster, savedMs } from '../facts.ts'

export const oversizedBatches = defineRule({
  id: 'oversized-batches',
  area: 'hardware',
  title: 'Large batches take longer per text than smaller ones',
  needs: ['smaller'],
  check({ smaller }) {
    if (!isFaster(smaller)) return 'clear'
    const { way, other } = smaller
    const [smallerMs, largerMs] = [ms('smaller-ms', way.msPerText.value), ms('larger-ms', other.msPerText.value)]
    const larger = countFact('text', other.batch, 'larger')
    return {
      ...(way.batch === 1
        ? tell`One at a time a text takes ${smallerMs}, in batches of ${larger} sorted by length ${largerMs}.`
        : tell`In batches of ${countFact('text', way.batch, 'smaller')} a text takes ${smallerMs}, in batches of ${larger} ${largerMs}, both sorted by
            length.`),
      timeMs: other.msPerText.value,
      wouldSaveMs: savedMs(smaller),
      basis: 'measured',
      // Single texts are no batch: the same run timed them already.
      ...(way.batch > 1 && { next: embedAgain('--batch', String(way.batch)) }),
    }
  },
})
