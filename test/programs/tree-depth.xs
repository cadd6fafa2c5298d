// Sums and measures a tree of {value, children}
function "tree-depth" {
  input {
    json node
  }

  stack {
    var $depth { value = 0 }
    var $sum { value = $input.node.value ?? 0 }

    foreach ($input.node.children) {
      each as $child {
        function.run "tree-depth" {
          input = {node: $child}
        } as $below
        conditional {
          if ($below.depth > $depth) {
            var.update $depth { value = $below.depth }
          }
        }
        math.add $sum { value = $below.sum }
      }
    }
  }

  response = {depth: $depth + 1, sum: $sum}
}
