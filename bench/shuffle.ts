/** The integers below `count` in an order that looks random and is always the same. */
export function shuffled(count: number): Int32Array {
  const numbers = Int32Array.from({ length: count }, (_, index) => index);
  let state = 0x2545f491;
  for (let last = count - 1; last > 0; last--) {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (last + 1);
    const number = numbers[last] as number;
    numbers[last] = numbers[other] as number;
    numbers[other] = number;
  }
  return numbers;
}
