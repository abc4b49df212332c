// What a module of the user's imports from whyslow.
import { expect, test } from 'vitest'
import { stage } from './define.ts'

test('a marked function gives what it gave, has the parameters that it had, and is measured', async () => {
  const names: string[] = []
  const { measure } = performance
  performance.measure = ((name: string) => void names.push(name)) as unknown as typeof measure
  try {
    const add = stage('add', (a: number, b: number) => a + b)
    expect([add(1, 2), add.length]).toEqual([3, 2])
    await stage('later', async () => 3)()
  } finally {
    performance.measure = measure
  }
  expect(names).toEqual(['add', 'later'])
})
