function "permutations" {
  input {
    json items
  }

  stack {
    conditional {
      if (($input.items|count) <= 1) {
        return { value = [$input.items] }
      }
    }

    var $all { value = [] }
    for ($input.items|count) {
      each as $i {
        var $rest { value = ($input.items|slice:0:$i)|merge:($input.items|slice:($i + 1)) }
        function.run "permutations" {
          input = {items: $rest}
        } as $tails
        foreach ($tails) {
          each as $tail {
            array.push $all { value = [$input.items[$i]]|merge:$tail }
          }
        }
      }
    }
  }

  response = $all
}
