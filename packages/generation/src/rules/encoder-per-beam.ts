// All beams, and all windows of one input, have the same encoder output: it is computed once.
// https://github.com/microsoft/onnxruntime/issues/11926
import { countFact, ms, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, isFelt } from '../rule.ts'

export const encoderPerBeam = defineRule({
  id: 'encoder-per-beam',
  area: 'software',
  title: 'The encoder runs several times over the same input',
  needs: ['encoder', 'speed', 'setup'],
  check({ encoder, ...given }) {
    const { runs, windows } = encoder
    const firstMs = encoder.ms * (1 - windows / Math.max(1, runs))
    if (runs <= windows || !isFelt(given, { firstMs })) return 'clear'
    return {
      ...tell`The encoder runs ${countFact('time', runs, 'runs')} over ${countFact('input', windows)}, and takes ${ms('encoder', encoder.ms)}; once for
        each takes ${ms('once', encoder.ms - firstMs)}.`,
      ...costs(given, { firstMs }, { basis: 'modelled' }),
    }
  },
})
