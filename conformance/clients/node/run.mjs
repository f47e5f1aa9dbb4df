/** Prints the lines that a dialogue gives back, or says what went wrong; for 20 seconds at most. */
export async function run(dialogue) {
  const limit = setTimeout(() => fail("not done after 20 s"), 20_000);
  try {
    for (const line of await dialogue()) console.log(line);
  } catch (error) {
    fail(error.message);
  }
  clearTimeout(limit);
}

function fail(why) {
  console.error(`FAILED ${why}`);
  process.exit(1);
}
