/** The recording of README.md, of the screens of bench/results/screens.json. */
export function drawStory(screens: Readonly<Record<string, unknown>>): string
