// Tables that are reckoned when the module is loaded.
const table = new Float64Array(1 << 20)
for (let round = 0; round < 20; round++)
  for (let i = 0; i < table.length; i++) table[i] += Math.sin(i * round) * Math.cos(i + round)
export const value = table[11]
