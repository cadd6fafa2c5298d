function "anagram-groups" {
  input {
    text[] words
  }

  stack {
    var $groups { value = {} }
    foreach ($input.words) {
      each as $word {
        var $key { value = $word|to_lower|split:""|sort|join:"" }
        var $group { value = $groups|get:$key:[] }
        array.push $group { value = $word }
        var.update $groups { value = $groups|set:$key:$group }
      }
    }

    array.filter ($groups|values) if (($this|count) > 1) as $anagrams
  }

  response = $anagrams
}
