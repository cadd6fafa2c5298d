function "tower-of-hanoi" {
  input {
    int disks
    text from?=A
    text to?=C
    text via?=B
  }

  stack {
    conditional {
      if ($input.disks == 0) {
        return { value = [] }
      }
    }

    function.run "tower-of-hanoi" {
      input = {disks: $input.disks - 1, from: $input.from, to: $input.via, via: $input.to}
    } as $before

    function.run "tower-of-hanoi" {
      input = {disks: $input.disks - 1, from: $input.via, to: $input.to, via: $input.from}
    } as $after
  }

  response = $before|push:($input.from ~ $input.to)|merge:$after
}
