import { expect, test } from 'vitest'
import { keptScreen } from '../../test/support/terminal/example-screen.ts'
import { openCommentary } from './commentary.ts'

test('a diagnosis is said without the command that its answer ends with, which is running', async () => {
  const screen = keptScreen()
  const commentary = openCommentary(screen, { aloud: true, progress: false })
  commentary.listeners.onDiagnosis(
    'About 1 ms. Biggest win: fixing X could save up to 0.5 ms (estimated): npx whyslow fix m.onnx -o fast/',
  )
  await commentary.end()
  expect(screen.printed.join('').split(/\s+/).join(' ')).toBe(
    'About 1 ms. Biggest win: fixing X could save up to 0.5 ms (estimated). ',
  )
})
