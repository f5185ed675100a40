/** Whether the proper divisors of `n` add up to it. */
export function isPerfect(n: number): boolean {
  let sum = 0;
  for (let divisor = 1; divisor < n; divisor++) if (n % divisor === 0) sum += divisor;
  return n > 0 && sum === n;
}
