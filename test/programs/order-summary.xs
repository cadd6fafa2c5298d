// Builds a nested answer from flat rows
function "order-summary" {
  input {
    object[] lines {
      schema {
        text product
        text category
        int quantity
        decimal price
      }
    }
    decimal discount?=0
  }

  stack {
    var $summary {
      value = {currency: "EUR", categories: {}, items: 0}
    }

    foreach ($input.lines) {
      each as $line {
        var $amount {
          value = $line.quantity * $line.price
        }
        var $path {
          value = "categories." ~ $line.category
        }
        var $category {
          value = $summary|get:$path:{total: 0, products: []}
        }
        math.add $category.total {
          value = $amount
        }
        array.push $category.products {
          value = $line.product
        }
        var.update $summary {
          value = $summary|set:$path:$category
        }
        math.add $summary.items {
          value = $line.quantity
        }
      }
    }

    var $total {
      value = 0
    }
    foreach ($summary.categories) {
      each as $category {
        math.add $total {
          value = $category.total
        }
      }
    }
    var.update $summary.total {
      value = $total * (1 - $input.discount / 100)
    }
  }

  response = $summary
}
