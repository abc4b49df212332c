// The lock that whyslow's measurements take, held by the test runner: commands that inherit its environment do not wait for each other.
import { waitingWords, withMachineLock } from '@whyslow/measure/trials/lock.ts'

/** Waits for the lock, and prints who has it. What is returned gives it back. */
export async function holdLock(folder?: string): Promise<() => Promise<void>> {
  let end = () => {}
  const isOver = new Promise<void>((resolve) => {
    end = resolve
  })
  let held: Promise<unknown> = Promise.resolve()
  await new Promise<void>((resolve, reject) => {
    const taken = () => {
      resolve()
      return isOver
    }
    const onWait = (holder: Parameters<typeof waitingWords>[0]) => console.log(`tests: ${waitingWords(holder)}`)
    held = withMachineLock(taken, { onWait, ...(folder === undefined ? {} : { folder }) })
    held.catch(reject)
  })
  return async () => {
    end()
    await held
  }
}
