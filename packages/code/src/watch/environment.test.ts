import { delimiter } from 'node:path'
import { expect, test } from 'vitest'
import { watchedEnvironment } from './environment.ts'

test('the hooks are loaded first, and what the user set stays', () => {
  const env = watchedEnvironment({ NODE_OPTIONS: '--max-old-space-size=512', PYTHONPATH: '/own', HOME: '/home' }, '/tmp/records')
  expect(env).toMatchObject({ WHYSLOW_WATCH: '/tmp/records', HOME: '/home' })
  expect(env.NODE_OPTIONS).toMatch(/^--max-old-space-size=512 --import=file:.*\/watch\/register\.js$/)
  expect(env.PYTHONPATH).toMatch(new RegExp(`collector/watch${delimiter}/own$`))
})
