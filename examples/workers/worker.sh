#!/bin/bash
# A worker over stdin and stdout, in bash alone: it counts down from its input, a number, one a second.
# A frame a line comes in; what is said of the job goes out. What is for people goes to stderr.

lease_of() { [[ $1 =~ \"lease\":\"([0-9a-f]+)\" ]] && echo "${BASH_REMATCH[1]}"; }

count() {
  local lease=$1 total=$2 left until
  for ((left = total; left > 0; left--)); do
    printf '{"route":"append","lease":"%s","output":"%d\\n","progress":{"done":%d,"total":%d}}\n' \
      "$lease" "$left" "$((total - left))" "$total"
    # A second of work, that is: what comes meanwhile is heard, and does not shorten it.
    for ((until = SECONDS + 1; SECONDS < until; )); do
      if read -r -t 0.2 frame && [[ $frame == *'"status":"ending"'* ]]; then
        printf '{"route":"end","lease":"%s"}\n' "$lease"
        return
      fi
    done
  done
  printf '{"route":"end","lease":"%s","result":"lift-off"}\n' "$lease"
}

printf '{"route":"claim"}\n' # It is ready, for one job at a time.
while read -r frame; do
  # Only what is handed over has an input; all else is of jobs that have ended.
  if [[ $frame =~ \"input\":([0-9]{1,9})[,}] ]]; then
    count "$(lease_of "$frame")" "${BASH_REMATCH[1]}"
  elif [[ $frame == *'"input":'* ]]; then
    printf '{"route":"end","lease":"%s","error":{"code":"no_number","message":"the input must be a number of up to nine digits"}}\n' \
      "$(lease_of "$frame")"
  fi
done
