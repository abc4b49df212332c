// An encoder of a fixed length computes what fills it: Whisper's window is 30 s, whatever the length of the recording.
import { countFact, ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule, firstTokenMsOf, isFelt } from '../rule.ts'

export const paddedEncoderInput = defineRule({
  id: 'padded-encoder-input',
  area: 'software',
  title: 'Padding: the encoder computes silence or empty positions',
  needs: ['encoder', 'speed', 'setup'],
  check({ encoder, ...given }) {
    const { positions, emptyPositions, positionMs } = encoder
    if (emptyPositions === 0) return 'clear'
    const part = emptyPositions / positions
    const firstMs = encoder.ms * part
    if (!isFelt(given, { firstMs })) return 'clear'
    const empty =
      positionMs === null
        ? tell`${countFact('position', emptyPositions, 'empty-positions')} of ${countFact('position', positions)} are padding`
        : tell`${ms('silent', emptyPositions * positionMs)} of ${ms('window', positions * positionMs)} of audio are silence that fills the window`
    const advice =
      positionMs === null
        ? 'Padding to the longest text of a batch is shorter.'
        : 'A shorter window can change the text: compare the error rate.'
    return {
      ...tell`${empty}, ${share('padded-share', part)}: of ${ms('encoder', encoder.ms)} in the encoder, ${ms('padded', firstMs)} and
        ${share('share', firstMs / firstTokenMsOf(given))} of the first token. ${advice}`,
      ...costs(given, { firstMs }, { basis: 'modelled' }),
    }
  },
})
