// A clock that goes on by a millisecond whenever it is read, for tests of what times two ways and of which no test asks how long they take:
// a reading is long enough after a few repetitions.
import { beforeEach, vi } from 'vitest'

/** For the tests of the file that calls it. */
export function useSteppingClock(): void {
  beforeEach(() => {
    let nowMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => ++nowMs)
    return () => clock.mockRestore()
  })
}
